import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { maskDot } from '../../src/ops/mask-dot.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu, shuffled } from './definitions.ts';

describe('maskDot', () => {
  // Pixels below, at and above a workgroup of 64; masks below, at and above the 4 of an invocation.
  for (const [height, width, channels, masks, skips] of [
    [1, 1, 4, 1, true],
    [3, 5, 8, 3, true],
    [4, 4, 32, 4, true],
    [4, 4, 32, 4, false],
    [5, 7, 12, 5, true],
    [13, 3, 32, 9, false],
  ] as const)
    gpuTest(`[${height},${width},4*${channels}], ${masks} masks${skips ? ', a skip' : ''}`, async (gpu) => {
      const size = 4 * height * width * channels;
      const [x, skip, hyper] = [
        randomValues(size, 1),
        randomValues(size, 2),
        randomValues(masks * channels, 3),
      ];
      const [y] = await runGraph(gpu, (g, feed) =>
        maskDot(
          g,
          feed('x', [height, width, 4 * channels], x),
          skips ? feed('skip', [2 * height, 2 * width, channels], skip) : undefined,
          feed('hyper', [masks, channels], hyper),
        ),
      );
      const features = shuffled(x, height, width, channels).map((pixel, p) =>
        pixel.map((v, c) => gelu(v + (skips ? at(skip, p * channels + c) : 0))),
      );
      const expected = Array.from({ length: masks }, (_, m) =>
        features.map((pixel) => pixel.reduce((sum, v, c) => sum + v * at(hyper, m * channels + c), 0)),
      ).flat();
      expectClose('y', y ?? [], expected, sumTolerance(channels, 2));
    });

  it('counts its multiply-adds and names the vectors that do not fit', () => {
    const g = new Graph('test');
    const x = g.tensor('x', [2, 2, 16]);
    expect(maskDot(g, x, undefined, g.tensor('hyper', [4, 4])).shape).toEqual([4, 4, 4]);
    expect(g.finish().dispatches[0]?.flops).toBe(2 * 4 * 16 * 4);
    expect(() => maskDot(g, x, undefined, g.tensor('hyper', [4, 8]))).toThrow(
      "maskDot: 'hyper' has shape [4,8], expected [?,4]",
    );
  });
});
