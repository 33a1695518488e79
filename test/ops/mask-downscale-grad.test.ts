import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { maskDownscale, packMaskDownscale } from '../../src/ops/mask-downscale.ts';
import { maskDownscaleGrad } from '../../src/ops/mask-downscale-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at, gelu, normalise } from './definitions.ts';
import { expectGradient } from './gradient.ts';

/** PyTorch's shapes, flat: conv1, norm1, conv2, norm2, each weight then bias. */
const LENGTHS = [16, 4, 4, 4, 256, 16, 16, 16];
const parameters = LENGTHS.map((length, i) => randomValues(length, 10 + i));

/** conv 2x2 stride 2, LayerNorm2d, GELU by definition: x [H, W, in], flat, w [out, in, 2, 2]. */
function stage(
  x: ArrayLike<number>,
  width: number,
  inputs: number,
  [w = [], b = [], weight = [], bias = []]: readonly ArrayLike<number>[],
): number[] {
  const height = x.length / width / inputs;
  const y: number[] = [];
  for (let r = 0; r < height; r += 2)
    for (let q = 0; q < width; q += 2) {
      const sums = Array.from(b, (start, n) => {
        let sum = start;
        for (let c = 0; c < inputs; c++)
          for (let tap = 0; tap < 4; tap++)
            sum +=
              at(w, (n * inputs + c) * 4 + tap) *
              at(x, ((r + (tap >> 1)) * width + q + (tap & 1)) * inputs + c);
        return sum;
      });
      y.push(...normalise(sums, weight, bias, 1e-6).map(gelu));
    }
  return y;
}

describe('gradient of maskDownscale', () => {
  // Output pixels below, at and above a workgroup of 64; one; a prime.
  for (const [height, width] of [
    [4, 4],
    [28, 36],
    [32, 32],
    [20, 52],
    [4, 268],
  ] as const)
    gpuTest(`[${height},${width}]`, async (gpu) => {
      await expectGradient(gpu, {
        inputs: {
          mask: { shape: [height, width], values: randomValues(height * width, 1).map((v) => v * 10) },
          weights: { shape: [332], values: packMaskDownscale(parameters), frozen: true },
        },
        record: (g, { mask, weights }) => maskDownscale(g, mask, weights),
        definition: ({ mask }) =>
          stage(stage(mask, width, 1, parameters.slice(0, 4)), width / 2, 4, parameters.slice(4)),
        derivatives: [maskDownscaleGrad],
        limit: 1e-4,
      });
    });

  it('says that its weights cannot be trained', () => {
    const g = new Graph('test');
    const weights = g.watch(g.tensor('w', [332]));
    expect(() => maskDownscale(g, g.tensor('mask', [4, 4]), weights)).toThrow(
      "maskDownscale: 'w' cannot be trained",
    );
  });
});
