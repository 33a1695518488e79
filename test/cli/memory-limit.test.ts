import { openAsBlob } from 'node:fs';
import { expect, test } from 'vitest';
import { describeModel } from '../../src/index.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { demoModel } from '../../weights-tools/node/package.ts';
import { gpuTest } from '../gpu-device.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

const picture = phantomPath('wrist/000');
const prompt = ['--box', '100,100,300,200', '--json'];

/** What the demo model takes on SwiftShader, by storage; `info` announces what it takes on a hardware GPU. */
async function planned() {
  const { config } = describeCheckpoint(await openCheckpoint(await openAsBlob(demoModel())));
  return (await describeModel(config, { cpu: true, subgroups: true })).storages;
}

gpuTest(
  'what does not fit is refused with the bytes that were planned, and the next smaller choice',
  async () => {
    const storages = await planned();
    const [f16, q8] = [storages.f16.gpuBytes, storages.q8.gpuBytes];
    const folder = scratch();
    const run = (...more: string[]) => sam2rad('segment', picture, ...prompt, '-o', folder, ...more);
    const text = (bytes: number) => bytes.toLocaleString('en-US');
    const refused = await run('--storage', 'f16', '--memory-limit', String(f16 - 1));
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain(`needs ${text(f16)} bytes on the GPU`);
    expect(refused.err).toContain(
      `the limit is ${text(f16 - 1)} bytes; take storage 'q8' (${text(q8)} bytes)`,
    );
    const hopeless = await run('--memory-limit', '1MB');
    expect(hopeless.err).toMatch(/^sam2rad: .* and the limit is 1,000,000 bytes; take a smaller model\n$/);
    expect(namesIn(folder)).toEqual([]);

    const smaller = await run('--memory-limit', String(q8));
    expect(JSON.parse(smaller.out).pictures[0].model.storage).toBe('q8');
  },
);

test('units of bytes are powers of ten; a limit without a unit is bytes', async () => {
  for (const bytes of ['1.5GB', '500mb', '500 MB', '1024']) {
    const { err } = await sam2rad(
      'segment',
      'no-such.png',
      ...prompt,
      '--memory-limit',
      bytes,
      '-o',
      scratch(),
    );
    expect(err).toMatch(/no-such\.png/);
  }
});
