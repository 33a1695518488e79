import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { resizeBilinear } from '../../src/ops/resize-bilinear.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

/** The definition: sample along one axis, then along the other, with positions in f64. */
function resized(
  x: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [outHeight, outWidth]: readonly [number, number],
): number[] {
  const taps = (length: number, outLength: number) =>
    Array.from({ length: outLength }, (_, i) => {
      const place = Math.min(Math.max(((i + 0.5) * length) / outLength - 0.5, 0), length - 1);
      const first = Math.min(Math.floor(place), Math.max(length - 2, 0));
      return { first, second: Math.min(first + 1, length - 1), part: place - first };
    });
  const rows = taps(height, outHeight);
  const cols = taps(width, outWidth);
  return rows.flatMap((r) =>
    cols.map((c) => {
      const along = (row: number) =>
        at(x, row * width + c.first) * (1 - c.part) + at(x, row * width + c.second) * c.part;
      return along(r.first) * (1 - r.part) + along(r.second) * r.part;
    }),
  );
}

describe('resizeBilinear', () => {
  for (const [from, to] of [
    [
      [1, 1],
      [3, 5],
    ],
    [
      [4, 4],
      [8, 8],
    ],
    [
      [8, 8],
      [8, 8],
    ],
    [
      [7, 5],
      [13, 11],
    ],
    [
      [16, 16],
      [64, 64],
    ],
    [
      [13, 17],
      [4, 6],
    ],
    [
      [2, 3],
      [1, 1],
    ],
  ] as const)
    gpuTest(`[${from}] to [${to}]`, async (gpu) => {
      const x = randomValues(from[0] * from[1], 1);
      const [y] = await runGraph(gpu, (g, feed) => resizeBilinear(g, feed('x', from, x), to));
      expectClose('y', y ?? [], resized(x, from, to), sumTolerance(8));
    });

  gpuTest('several maps at once', async (gpu) => {
    const x = randomValues(3 * 5 * 4, 1);
    const [y] = await runGraph(gpu, (g, feed) => resizeBilinear(g, feed('x', [3, 5, 4], x), [7, 9]));
    const expected = [0, 1, 2].flatMap((m) => resized(x.subarray(m * 20, (m + 1) * 20), [5, 4], [7, 9]));
    expectClose('y', y ?? [], expected, sumTolerance(8));
  });

  gpuTest('positions stay exact on a long axis', async (gpu) => {
    const x = randomValues(3001, 1).map((v) => v * 1000);
    const [y] = await runGraph(gpu, (g, feed) => resizeBilinear(g, feed('x', [1, 3001], x), [1, 4099]));
    expectClose('y', y ?? [], resized(x, [1, 3001], [1, 4099]), sumTolerance(8, 1000));
  });

  it('names the map that it cannot resize', () => {
    const g = new Graph('test');
    expect(() => resizeBilinear(g, g.tensor('x', [40000, 2]), [4, 4])).toThrow(
      "resizeBilinear: 'x' [40000,2] to [4,4] needs two axes of at most 32767",
    );
  });
});
