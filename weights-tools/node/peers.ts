import { createRequire } from 'node:module';
import { UnsupportedError } from '../../src/errors.ts';
import { openGpu } from './gpu.ts';
import { versionIn } from './package.ts';

/** The optional peers, each imported only by a command that needs it. */
const PEERS = {
  webgpu: { purpose: 'a GPU in Node', load: () => import('webgpu') },
  sharp: { purpose: 'pictures', load: () => import('sharp') },
} as const;

export interface Peers {
  readonly sharp: Awaited<ReturnType<typeof PEERS.sharp.load>>['default'];
  /** @throws UnsupportedError where there is no adapter */
  openGpu(): Promise<GPU>;
  /** Of the runtime and the packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A runtime with WebGPU of its own, such as Deno, needs no package for it. */
function ownGpu(): GPU | undefined {
  return 'navigator' in globalThis ? globalThis.navigator.gpu : undefined;
}

/**
 * What reads pictures and opens a GPU: both are optional peers.
 * @throws UnsupportedError that names the one command for all that is missing
 */
export async function loadPeers(): Promise<Peers> {
  const own = ownGpu();
  const opener = async () => {
    if (own) return () => Promise.resolve(own);
    const { create } = await PEERS.webgpu.load();
    return () => openGpu(create);
  };
  const [webgpu, sharp] = await Promise.allSettled([opener(), PEERS.sharp.load()]);
  if (webgpu.status === 'fulfilled' && sharp.status === 'fulfilled')
    return {
      openGpu: webgpu.value,
      sharp: sharp.value.default,
      versions: { ...versionsHere(own !== undefined), ...librariesOf(sharp.value.default.versions) },
    };
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

/** Deno calls itself a Node, too. */
function versionsHere(hasOwnGpu: boolean): Record<string, string> {
  const { deno } = process.versions;
  const runtime = deno === undefined ? { node: process.version } : { deno };
  if (hasOwnGpu) return runtime;
  return { ...runtime, webgpu: versionIn(createRequire(import.meta.url).resolve('webgpu/package.json')) };
}

/** What decodes a picture decides its pixels. */
const librariesOf = ({ sharp, vips }: { readonly sharp: string; readonly vips: string }) => ({ sharp, vips });

const isAbsent = (reason: unknown) =>
  reason instanceof Error && 'code' in reason && reason.code === 'ERR_MODULE_NOT_FOUND';

const firstLine = (reason: unknown) =>
  String(reason instanceof Error ? reason.message : reason).split('\n')[0];
