import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { upscaleNormGelu } from '../../src/ops/upscale-norm-gelu.ts';
import { upscaleNormGeluGrad } from '../../src/ops/upscale-norm-gelu-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at, gelu, normalise, shuffled } from './definitions.ts';
import { expectGradient } from './gradient.ts';

describe('gradient of upscaleNormGelu', () => {
  // Pixels below, at and above a workgroup of 64; a prime side; 16 channels and more, and 4.
  for (const [height, width, channels, skips] of [
    [1, 1, 4, true],
    [3, 5, 8, true],
    [4, 4, 4, false],
    [5, 7, 12, true],
    [13, 3, 8, false],
  ] as const)
    gpuTest(`[${height},${width},4*${channels}]${skips ? ' with a skip' : ''}`, async (gpu) => {
      const size = 4 * height * width * channels;
      await expectGradient(gpu, {
        inputs: {
          x: { shape: [height, width, 4 * channels], values: randomValues(size, 1) },
          skip: {
            shape: [2 * height, 2 * width, channels],
            values: randomValues(size, 2),
            frozen: !skips,
          },
          weight: { shape: [channels], values: randomValues(channels, 3) },
          bias: { shape: [channels], values: randomValues(channels, 4) },
        },
        record: (g, { x, skip, weight, bias }) =>
          upscaleNormGelu(g, x, skips ? skip : undefined, weight, bias, { eps: 1e-3 }),
        definition: ({ x, skip, weight, bias }) =>
          shuffled(x, height, width, channels).flatMap((pixel, p) =>
            normalise(
              pixel.map((v, c) => v + (skips ? at(skip, p * channels + c) : 0)),
              weight,
              bias,
              1e-3,
            ).map(gelu),
          ),
        derivatives: [upscaleNormGeluGrad],
        limit: 1e-4,
      });
    });

  it('records what is needed alone', () => {
    const g = new Graph('test');
    const [x, w, b] = [g.watch(g.tensor('x', [2, 2, 16])), g.tensor('w', [4]), g.tensor('b', [4])];
    const y = upscaleNormGelu(g, x, g.tensor('skip', [4, 4, 4]), w, b, { eps: 1e-6 });
    g.accumulate(y, () => g.tensor('dy', y.shape));
    g.backward([upscaleNormGeluGrad]);
    expect(g.finish().dispatches.map(({ kernel }) => kernel.name)).toEqual([
      'upscale_norm_gelu',
      'upscale_norm_gelu_grad',
      'layernorm_grad_split',
      'unshuffle',
    ]);
  });
});
