import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { upscaleNormGelu } from '../../src/ops/upscale-norm-gelu.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu, normalise, shuffled } from './definitions.ts';

describe('upscaleNormGelu', () => {
  // Pixels below, at and above a workgroup of 64; a prime side.
  for (const [height, width, channels, skips] of [
    [1, 1, 4, true],
    [3, 5, 8, true],
    [4, 4, 64, true],
    [4, 4, 64, false],
    [5, 7, 12, false],
    [13, 3, 64, true],
  ] as const)
    gpuTest(`[${height},${width},4*${channels}]${skips ? ' with a skip' : ''}`, async (gpu) => {
      const size = 4 * height * width * channels;
      const [x, skip] = [randomValues(size, 1), randomValues(size, 2)];
      const [weight, bias] = [randomValues(channels, 3), randomValues(channels, 4)];
      const shape = [2 * height, 2 * width, channels];
      const [y] = await runGraph(gpu, (g, feed) =>
        upscaleNormGelu(
          g,
          feed('x', [height, width, 4 * channels], x),
          skips ? feed('skip', shape, skip) : undefined,
          feed('weight', [channels], weight),
          feed('bias', [channels], bias),
          { eps: 1e-6 },
        ),
      );
      const map = shuffled(x, height, width, channels);
      const expected = map.flatMap((pixel, p) =>
        normalise(
          pixel.map((v, c) => v + (skips ? at(skip, p * channels + c) : 0)),
          weight,
          bias,
          1e-6,
        ).map(gelu),
      );
      expectClose('y', y ?? [], expected, {
        rtol: 2 ** -20,
        atol: 4e-6,
        why: 'values of 2 are rounded by 2^-23 and divided by deviations of 0.2 and more; erf is good to 1.5e-7',
      });
    });

  it('names the skip whose shape is wrong', () => {
    const g = new Graph('test');
    const [x, w] = [g.tensor('x', [2, 2, 16]), g.tensor('w', [4])];
    expect(() => upscaleNormGelu(g, x, g.tensor('skip', [2, 2, 4]), w, w, { eps: 1e-6 })).toThrow(
      "upscaleNormGelu: 'skip' has shape [2,2,4], expected [4,4,4]",
    );
  });
});
