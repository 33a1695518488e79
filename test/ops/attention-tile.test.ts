import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { tileShape, workgroupBytes } from '../../src/ops/attention-tile.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { CASES, chosenFor, FLASH_CASES, POSITION_CASES } from './tile-cases.ts';

/**
 * One of each path through the kernels: SwiftShader takes seconds to compile a case, llvmpipe, which runs all of them
 * below, a third of one.
 */
const ON_DAWN = [
  'one query, one key',
  'a query and a key above a tile',
  'primes, in chunks',
  'heads of 80',
  'heads of 128',
  'tokens to image',
  'windows of 7 that stick out',
  'pooled, windows of 4 see windows of 8',
  'scores of -10000',
  'every tile has a higher score',
  'every chunk has lower scores',
];
const POSITIONS_ON_DAWN = [
  'one token',
  'windows that stick out on both sides',
  'the whole map, two tiles a row',
  'positions that outweigh products',
  'flash, windows that stick out',
];
const FLASH_ON_DAWN = ['a query and a key above a tile', 'in chunks, 32 queries at a time'];

describe.each([
  ['attention by tiles on Dawn', CASES, ON_DAWN],
  ['flash attention on Dawn', FLASH_CASES, FLASH_ON_DAWN],
  ['attention with relative positions by tiles on Dawn', POSITION_CASES, POSITIONS_ON_DAWN],
])('%s', (_, cases, names) => {
  for (const name of names) {
    const run = cases[name];
    if (!run) throw new Error(`no case "${name}" in tile-cases.ts`);
    gpuTest(name, run);
  }
});

test('attention by tiles on wgpu', async (context) => {
  const script = fileURLToPath(new URL('tile.deno.ts', import.meta.url));
  const { adapter, failures, cases } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    cases: number;
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  const all = [CASES, FLASH_CASES, POSITION_CASES].flatMap((each) => Object.keys(each));
  expect(cases).toBe(all.length);
}, 400_000);

describe('what attention on a GPU is chosen from', () => {
  it('is 64 keys at a time, tiles, a lane a query, and chunks where queries are few', () => {
    expect(chosenFor(4096, 4096, 8, 96)).toEqual({
      variants: ['flash 32', 'tile 64', 'lane'],
      kernels: ['attention_flash'],
    });
    expect(chosenFor(4096, 4096, 8, 96, 32768).variants).toEqual(['flash 64', 'flash 32', 'tile 64', 'lane']);
    expect(chosenFor(9, 4096, 8, 16)).toEqual({
      variants: ['tile 16 split', 'tile 16', 'lane'],
      kernels: ['attention_tile', 'attention_merge'],
    });
  });

  it('needs no more workgroup memory than every device has, or than it is given', () => {
    for (const head4 of [1, 4, 8, 14, 16, 18, 20, 24, 32, 64])
      for (const queries of [1, 4, 9, 16, 49, 64, 196, 256, 4096])
        for (const keys of [1, 16, 49, 64, 196, 4096])
          for (const entries of [1, 100])
            for (const memory of [undefined, 32768]) {
              const shape = tileShape({ queries, keys, head4, entries }, memory);
              expect(shape).toBeDefined();
              if (shape) expect(workgroupBytes(shape, head4)).toBeLessThanOrEqual(memory ?? 16384);
            }
    const long = { queries: 64, keys: 64, head4: 512, entries: 1 };
    expect(tileShape(long)).toBeUndefined();
  });
});
