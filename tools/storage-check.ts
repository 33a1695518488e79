/**
 * `npm run storage-check [-- FOLDER]`: masks of the demo model with f16 and q8 weights, and computed in f16 (on wgpu:
 * Dawn's software adapter has no shader-f16), against f32's, on all test phantoms of a folder `<anatomy>/Test/{imgs,gts}`. Minutes on a software adapter; the default tests take three.
 */
import { openAsBlob, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareHalf } from '../test/tasks/half-masks.ts';
import type { Agreement } from '../test/tasks/phantom-masks.ts';
import { compareStorages, LEAST, type Phantom } from '../test/tasks/storage-masks.ts';
import { createNodeGpu } from './runtimes/dawn.ts';
import { ensureRuntimes } from './runtimes/ensure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? join(root, 'phantoms');
const phantoms = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: anatomy }): Phantom[] => {
    const [images, truths] = ['imgs', 'gts'].map((part) => join(folder, anatomy, 'Test', part));
    return readdirSync(String(images)).map((name) => ({
      name: `${anatomy}/${name}`,
      image: join(String(images), name),
      truth: join(String(truths), name),
    }));
  });
await ensureRuntimes();
const file = await openAsBlob(join(root, 'app/public/demo/sam2-nano-shapes.safetensors'));
const start = performance.now();
let failed = 0;
function report(what: string, { ious, mean, lowest }: Agreement, least: (typeof LEAST)[keyof typeof LEAST]) {
  const fits = mean >= least.mean && lowest >= least.each;
  failed += fits ? 0 : 1;
  const under = ious.filter((value) => value < 0.98).length;
  console.log(
    `${what} against f32: ${ious.length} masks of ${phantoms.length} phantoms, mean IoU ${mean.toFixed(4)}, lowest ${lowest.toFixed(4)}, ${under} under 0.98: ${fits ? 'within' : 'OUTSIDE'} the limits`,
  );
}
for (const { storage, ...each } of await compareStorages(createNodeGpu(), file, phantoms, console.error))
  report(storage, each, LEAST[storage]);
const half = await compareHalf(phantoms);
report(`stored and computed in f16 (${half.adapter})`, half, LEAST.f16);
console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
process.exit(failed > 0 ? 1 : 0);
