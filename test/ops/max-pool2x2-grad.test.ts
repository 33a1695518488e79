import { describe, expect } from 'vitest';
import { maxPool2x2 } from '../../src/ops/max-pool2x2.ts';
import { maxPool2x2Grad } from '../../src/ops/max-pool2x2-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';
import { expectGradient } from './gradient.ts';

describe('gradient of maxPool2x2', () => {
  // Inputs below, at and above a workgroup of 64 x 4 values; a prime; an odd row and column that are dropped; ranges.
  for (const [shape, start, count] of [
    [[2, 2, 4], 0, 4],
    [[8, 8, 4], 0, 4],
    [[5, 7, 8], 0, 8],
    [[13, 5, 4], 0, 4],
    [[6, 4, 24], 4, 12],
    [[3, 4, 12], 8, 4],
  ] as const)
    gpuTest(`channels ${start} to ${start + count} of ${shape}`, async (gpu) => {
      const [height, width, cols] = shape;
      await expectGradient(gpu, {
        inputs: { x: { shape, values: randomValues(height * width * cols, 1) } },
        record: (g, { x }) => maxPool2x2(g, x, { columns: { start, count } }),
        definition: ({ x }) => {
          const [tall, wide] = [Math.floor(height / 2), Math.floor(width / 2)];
          return Array.from({ length: tall * wide * count }, (_, i) => {
            const [c, ox, oy] = [i % count, Math.floor(i / count) % wide, Math.floor(i / count / wide)];
            const value = (dy: number, dx: number) =>
              at(x, ((2 * oy + dy) * width + 2 * ox + dx) * cols + start + c);
            return Math.max(value(0, 0), value(0, 1), value(1, 0), value(1, 1));
          });
        },
        derivatives: [maxPool2x2Grad],
      });
    });

  gpuTest('of equal values the first in scan order gets it all', async (gpu) => {
    // A channel each: all equal; the right two; the lower two; the diagonal that begins below.
    const x = Float32Array.of(...[1, 0, 0, 0], ...[1, 5, 0, 2], ...[1, 0, 3, 2], ...[1, 5, 3, 0]);
    const [dx] = await runGraph(gpu, (g, feed) => {
      const fed = g.watch(feed('x', [2, 2, 4], x));
      const y = maxPool2x2(g, fed);
      const dy = feed('dy', [1, 1, 4], Float32Array.of(1, 2, 3, 4));
      g.accumulate(y, () => dy);
      g.backward([maxPool2x2Grad]);
      return g.gradientOf(fed) ?? [];
    });
    expect([...(dx ?? [])]).toEqual([...[1, 0, 0, 0], ...[0, 2, 0, 4], ...[0, 0, 3, 0], ...[0, 0, 0, 0]]);
  });
});
