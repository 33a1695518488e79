import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { maskDownscale, packMaskDownscale } from '../../src/ops/mask-downscale.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu, normalise } from './definitions.ts';

/** PyTorch's shapes, flat: conv1, norm1, conv2, norm2, each weight then bias. */
const LENGTHS = [16, 4, 4, 4, 256, 16, 16, 16];
const parameters = LENGTHS.map((length, i) => randomValues(length, 10 + i));

/** conv 2x2 stride 2, LayerNorm2d, GELU by definition: x [H][W][in], w [out, in, 2, 2]. */
function stage(x: number[][][], [w, b, weight, bias]: readonly Float32Array[]): number[][][] {
  const inputs = x[0]?.[0]?.length ?? 0;
  const value = (row: number, col: number, c: number) => at(x[row]?.[col] ?? [], c);
  return Array.from({ length: x.length / 2 }, (_, r) =>
    Array.from({ length: (x[0]?.length ?? 0) / 2 }, (_, q) => {
      const sums = Array.from(b ?? [], (start, n) => {
        let sum = start;
        for (let c = 0; c < inputs; c++)
          for (const [dy, dx] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ] as const)
            sum += at(w ?? [], ((n * inputs + c) * 2 + dy) * 2 + dx) * value(2 * r + dy, 2 * q + dx, c);
        return sum;
      });
      return normalise(sums, weight ?? [], bias ?? [], 1e-6).map(gelu);
    }),
  );
}

describe('maskDownscale', () => {
  // Output pixels below, at and above a workgroup of 64; one; a prime.
  for (const [height, width] of [
    [4, 4],
    [28, 36],
    [32, 32],
    [20, 52],
    [4, 268],
  ] as const)
    gpuTest(`[${height},${width}]`, async (gpu) => {
      const mask = randomValues(height * width, 1).map((v) => v * 10);
      const [y] = await runGraph(gpu, (g, feed) =>
        maskDownscale(
          g,
          feed('mask', [height, width], mask),
          feed('weights', [332], packMaskDownscale(parameters)),
        ),
      );
      const map = Array.from({ length: height }, (_, r) =>
        Array.from({ length: width }, (_, q) => [at(mask, r * width + q)]),
      );
      const expected = stage(stage(map, parameters.slice(0, 4)), parameters.slice(4)).flat(2);
      expectClose('y', y ?? [], expected, {
        rtol: 2 ** -20,
        atol: 1e-5,
        why: 'sums of 10 are rounded by 2^-21 and divided by deviations of 0.3 and more, twice; erf is good to 1.5e-7',
      });
    });

  it('says which tensor is missing or has another length', () => {
    expect(() => packMaskDownscale(parameters.slice(0, 7))).toThrow(
      'packMaskDownscale: tensor 7 has no values, expected 16',
    );
    const g = new Graph('test');
    expect(() => maskDownscale(g, g.tensor('mask', [6, 8]), g.tensor('weights', [332]))).toThrow(
      "maskDownscale: 'mask' has shape [6,8], expected [H,W] in multiples of 4",
    );
  });
});
