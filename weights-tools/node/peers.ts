import { UnsupportedError } from '../../src/errors.ts';

/** The optional peers, each imported only by a command that needs it. */
const PEERS = {
  webgpu: { purpose: 'a GPU in Node', load: () => import('webgpu') },
  sharp: { purpose: 'pictures', load: () => import('sharp') },
} as const;

type Peers = { readonly [Name in keyof typeof PEERS]: Awaited<ReturnType<(typeof PEERS)[Name]['load']>> };

/**
 * Both optional peers.
 * @throws UnsupportedError that names the one command for all that is missing
 */
export async function loadPeers(): Promise<Peers> {
  const [webgpu, sharp] = await Promise.allSettled([PEERS.webgpu.load(), PEERS.sharp.load()]);
  if (webgpu.status === 'fulfilled' && sharp.status === 'fulfilled')
    return { webgpu: webgpu.value, sharp: sharp.value };
  const failed = [
    ...(webgpu.status === 'rejected' ? [{ name: 'webgpu' as const, reason: webgpu.reason }] : []),
    ...(sharp.status === 'rejected' ? [{ name: 'sharp' as const, reason: sharp.reason }] : []),
  ];
  const needs = failed.map(({ name }) => `the package ${name} (for ${PEERS[name].purpose})`).join(' and ');
  const broken = failed.filter(({ reason }) => !isAbsent(reason)).map(({ reason }) => firstLine(reason));
  throw new UnsupportedError(
    `this command needs ${needs}${broken.length > 0 ? ` in working order: ${broken.join('; ')}` : ''}. Run: npm install ${failed.map(({ name }) => name).join(' ')}`,
  );
}

const isAbsent = (reason: unknown) =>
  reason instanceof Error && 'code' in reason && reason.code === 'ERR_MODULE_NOT_FOUND';

const firstLine = (reason: unknown) =>
  String(reason instanceof Error ? reason.message : reason).split('\n')[0];
