import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { matmulPool } from '../../src/ops/matmul-pool.ts';
import { maxPool2x2 } from '../../src/ops/max-pool2x2.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

/** The definition: the largest of the four values, for one output value at a time. */
const pooled = (x: Float32Array, [height, width, cols]: readonly number[], start: number, count: number) => {
  const [outHeight, outWidth] = [Math.floor((height ?? 0) / 2), Math.floor((width ?? 0) / 2)];
  return Array.from({ length: outHeight * outWidth * count }, (_, i) => {
    const [c, ox, oy] = [i % count, Math.floor(i / count) % outWidth, Math.floor(i / count / outWidth)];
    const value = (dy: number, dx: number) =>
      at(x, ((2 * oy + dy) * (width ?? 0) + 2 * ox + dx) * (cols ?? 0) + start + c);
    return Math.max(value(0, 0), value(0, 1), value(1, 0), value(1, 1));
  });
};

describe('maxPool2x2', () => {
  // Outputs below, at and above a workgroup of 64 x 4 values; a prime; an odd row and column that are dropped.
  for (const shape of [
    [2, 2, 4],
    [6, 14, 12],
    [8, 8, 16],
    [10, 26, 4],
    [5, 7, 8],
  ] as const)
    gpuTest(`all channels of ${shape}`, async (gpu) => {
      const x = randomValues(shape[0] * shape[1] * shape[2], 1);
      const [y] = await runGraph(gpu, (g, feed) => maxPool2x2(g, feed('x', shape, x)));
      expect([...(y ?? [])]).toEqual(pooled(x, shape, 0, shape[2]));
    });

  for (const [start, count] of [
    [0, 4],
    [4, 12],
    [20, 4],
  ] as const)
    gpuTest(`channels ${start} to ${start + count} of 24`, async (gpu) => {
      const x = randomValues(6 * 4 * 24, 2);
      const [y] = await runGraph(gpu, (g, feed) =>
        maxPool2x2(g, feed('x', [6, 4, 24], x), { columns: { start, count } }),
      );
      expect([...(y ?? [])]).toEqual(pooled(x, [6, 4, 24], start, count));
    });

  gpuTest('values that are all negative', async (gpu) => {
    const x = randomValues(4 * 4 * 4, 3).map((v) => v - 5);
    const [y] = await runGraph(gpu, (g, feed) => maxPool2x2(g, feed('x', [4, 4, 4], x)));
    expect([...(y ?? [])]).toEqual(pooled(x, [4, 4, 4], 0, 4));
  });

  it('names the range that is not within the channels', () => {
    const g = new Graph('test');
    expect(() => maxPool2x2(g, g.tensor('qkv', [4, 4, 12]), { columns: { start: 8, count: 8 } })).toThrow(
      "maxPool2x2: channels 8 to 16 of 'qkv' [4,4,12] must be a range in multiples of 4",
    );
  });

  it('is an epilogue of a product of many tiles on a GPU, through which no gradient flows', () => {
    const kernels = (side: number, cpu: boolean, trained: boolean) => {
      const g = new Graph('test', { cpu, subgroups: false });
      const x = g.tensor('x', [side, side, 96]);
      const w = g.tensor('w', [96, 192]);
      const y = matmulPool(g, x, trained ? g.watch(w) : w, { bias: g.tensor('b', [192]) });
      expect(y.shape).toEqual([side / 2, side / 2, 192]);
      return g.finish().dispatches.map(({ kernel }) => kernel.name);
    };
    expect(kernels(256, false, false)).toEqual(['matmul_pool']);
    expect(kernels(256, true, false)).toEqual(['matmul_block', 'max_pool2x2']);
    expect(kernels(256, false, true)).toEqual(['matmul_tile', 'max_pool2x2']);
    expect(kernels(16, false, false).at(-1)).toBe('max_pool2x2');
  });
});
