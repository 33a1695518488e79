/** Run by Deno: the kernels with barriers on wgpu, the last lane first; JSON on the last line. */
import process from 'node:process';
import { selectMask } from '../../src/ops/select-mask.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { randomValues } from '../close.ts';
import { lastLaneFirst, turnedGpu } from '../lane-order.ts';
import { gradients } from '../ops/gradient-cases.ts';
import { MAP_CASES } from '../ops/map-cases.ts';
import { CASES as PRODUCT_CASES } from '../ops/stored-cases.ts';
import { FLASH_CASES, POSITION_CASES, CASES as TILE_CASES } from '../ops/tile-cases.ts';
import { TOKEN_CASES } from '../ops/token-cases.ts';
import { gpuWith } from '../ops/variant-traits.ts';
import { runGraph } from '../run-graph.ts';

const TILES = ['primes, in chunks', 'heads of 256', 'windows of 14 that stick out'];
const FLASH = ['in chunks', 'windows of 14, 32 queries at a time'];
const POSITIONS = [
  'windows that stick out on both sides',
  "SAM's windows",
  'the whole map, two tiles a row',
  'flash, windows that stick out',
];

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const turned = new Set<string>();
const gpu = turnedGpu(navigator.gpu, (text, label) => {
  const code = lastLaneFirst(text);
  if (code !== text) turned.add(label.replace(/[.(].*/, ''));
  return code;
});

const failures: string[] = [];
const held = async (name: string, run: ((gpu: GPU) => Promise<unknown>) | undefined) => {
  if (!run) throw new Error(`there is no case '${name}'`);
  await run(gpu).catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
};
const f32 = { cpu: false, subgroups: false, storage: 'f32' } as const;
for (const [name, run] of Object.entries({ ...TOKEN_CASES, ...MAP_CASES }))
  await held(name, (on) => run(on, f32));
for (const variant of ['tile 64', 'split 32'])
  for (const [name, run] of Object.entries(PRODUCT_CASES))
    await held(`${variant}, ${name}`, (on) => run(on, { ...gpuWith(variant), ...f32 }));
for (const name of TILES) await held(name, TILE_CASES[name]);
for (const name of FLASH) await held(name, FLASH_CASES[name]);
for (const name of POSITIONS) await held(name, POSITION_CASES[name]);

// What a lane adds up is its own, whenever it runs: every bit is the same.
const masks = randomValues(4 * 5000, 1);
const results = async (on: GPU) => ({
  ...(await gradients(on, { cpu: false })),
  selectMask: await runGraph(on, (g, feed) => {
    const rated = selectMask(
      g,
      feed('masks', [4, 50, 100], masks),
      feed('ious', [1, 4], Float32Array.of(1, 2, 4, 3)),
      {
        mode: 'stable',
      },
    );
    return [rated.masks, rated.ious];
  }),
});
const [expected, found] = [await results(navigator.gpu), await results(gpu)];
for (const [name, values] of Object.entries(expected))
  if (JSON.stringify(values) !== JSON.stringify(found[name as keyof typeof found]))
    failures.push(`${name} differs`);

console.log(
  JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), failures, turned: [...turned].sort() }),
);
process.exit(0);
