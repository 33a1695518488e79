import { describe } from 'vitest';
import { resizeBilinear } from '../../src/ops/resize-bilinear.ts';
import { resizeBilinearGrad } from '../../src/ops/resize-bilinear-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from './definitions.ts';
import { expectGradient } from './gradient.ts';

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

describe('gradient of resizeBilinear', () => {
  // Up, down, both, by whole numbers and not; inputs that no output reads; a workgroup of 64 and one more.
  for (const [maps, from, to] of [
    [1, [1, 1], [3, 5]],
    [3, [4, 4], [8, 8]],
    [1, [8, 8], [8, 8]],
    [2, [7, 5], [13, 11]],
    [1, [16, 16], [64, 64]],
    [1, [13, 17], [4, 6]],
    [1, [64, 64], [16, 16]],
    [1, [2, 3], [1, 1]],
    [2, [5, 13], [11, 3]],
    [1, [1, 65], [1, 64]],
  ] as const)
    gpuTest(`${maps} of [${from}] to [${to}]`, async (gpu) => {
      const size = from[0] * from[1];
      await expectGradient(gpu, {
        inputs: { x: { shape: [maps, ...from], values: randomValues(maps * size, 1) } },
        record: (g, { x }) => resizeBilinear(g, x, to),
        definition: ({ x }) =>
          Array.from({ length: maps }, (_, m) =>
            resized(x.subarray(m * size, (m + 1) * size), from, to),
          ).flat(),
        derivatives: [resizeBilinearGrad],
        limit: 1e-5,
      });
    });
});
