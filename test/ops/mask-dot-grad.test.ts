import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { maskDot } from '../../src/ops/mask-dot.ts';
import { maskDotGrad } from '../../src/ops/mask-dot-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at, gelu, shuffled } from './definitions.ts';
import { expectGradient } from './gradient.ts';

describe('gradient of maskDot', () => {
  // Pixels below, at and above a chunk of 64; masks below, at and above the 4 of an invocation.
  for (const [height, width, channels, masks, skips] of [
    [1, 1, 4, 1, true],
    [3, 5, 8, 3, true],
    [4, 4, 4, 4, false],
    [5, 7, 12, 5, true],
    [13, 3, 4, 9, false],
  ] as const)
    gpuTest(`[${height},${width},4*${channels}], ${masks} masks${skips ? ', a skip' : ''}`, async (gpu) => {
      const size = 4 * height * width * channels;
      await expectGradient(gpu, {
        inputs: {
          x: { shape: [height, width, 4 * channels], values: randomValues(size, 1).map((v) => 3 * v) },
          skip: {
            shape: [2 * height, 2 * width, channels],
            values: randomValues(size, 2),
            frozen: !skips,
          },
          hyper: { shape: [masks, channels], values: randomValues(masks * channels, 3) },
        },
        record: (g, { x, skip, hyper }) => maskDot(g, x, skips ? skip : undefined, hyper),
        definition: ({ x, skip, hyper }) => {
          const features = shuffled(x, height, width, channels).map((pixel, p) =>
            pixel.map((v, c) => gelu(v + (skips ? at(skip, p * channels + c) : 0))),
          );
          return Array.from({ length: masks }, (_, m) =>
            features.map((pixel) => pixel.reduce((sum, v, c) => sum + v * at(hyper, m * channels + c), 0)),
          ).flat();
        },
        derivatives: [maskDotGrad],
        limit: 1e-5,
      });
    });

  it('records what is needed alone', () => {
    const g = new Graph('test');
    const [x, skip, hyper] = [g.tensor('x', [2, 2, 16]), g.tensor('s', [4, 4, 4]), g.tensor('h', [3, 4])];
    const y = maskDot(g, x, skip, g.watch(hyper));
    g.accumulate(y, () => g.tensor('dy', y.shape));
    g.backward([maskDotGrad]);
    expect(g.finish().dispatches.map(({ kernel }) => kernel.name)).toEqual([
      'mask_dot',
      'mask_dot_grad_hyper',
      'sum_rows',
    ]);
  });
});
