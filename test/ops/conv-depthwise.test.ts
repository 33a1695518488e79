import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { convDepthwise } from '../../src/ops/conv-depthwise.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu } from './definitions.ts';

interface Case {
  readonly map: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
}

/** The definition, in f64, channel by channel on a padded copy. */
function convolve(x: Float32Array, w: Float32Array, bias: Float32Array, each: Case): number[] {
  const { map, kernel, stride, padding } = each;
  const [height, width, channels] = map;
  const [tall, wide] = [height + 2 * padding, width + 2 * padding];
  const [outHeight, outWidth] = [
    Math.floor((tall - kernel[0]) / stride) + 1,
    Math.floor((wide - kernel[1]) / stride) + 1,
  ];
  const result = new Array<number>(outHeight * outWidth * channels);
  for (let c = 0; c < channels; c++) {
    const padded = new Float64Array(tall * wide);
    for (let y = 0; y < height; y++)
      for (let q = 0; q < width; q++)
        padded[(y + padding) * wide + q + padding] = at(x, (y * width + q) * channels + c);
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        let sum = at(bias, c);
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++)
            sum +=
              at(padded, (oy * stride + ky) * wide + ox * stride + kx) *
              at(w, (ky * kernel[1] + kx) * channels + c);
        result[(oy * outWidth + ox) * channels + c] = sum;
      }
  }
  return result;
}

const square = { kernel: [3, 3], stride: 1, padding: 1 } as const;
const CASES: Record<string, Case> = {
  'one pixel': { ...square, map: [1, 1, 4] },
  'below a workgroup of 64': { ...square, map: [3, 7, 12] },
  'at a workgroup': { ...square, map: [4, 8, 8] },
  'above a workgroup': { ...square, map: [5, 13, 4] },
  'stride 2, even side': { ...square, map: [8, 6, 16], stride: 2 },
  'stride 2, odd side': { ...square, map: [7, 5, 16], stride: 2 },
  'a kernel that is not square, no padding': { map: [5, 6, 4], kernel: [2, 4], stride: 1, padding: 0 },
};

describe('convDepthwise', () => {
  for (const [name, each] of Object.entries(CASES))
    for (const activation of ['none', 'gelu'] as const)
      gpuTest(`${name}, ${activation}`, async (gpu) => {
        const channels = each.map[2];
        const taps = each.kernel[0] * each.kernel[1];
        const x = randomValues(each.map[0] * each.map[1] * channels, 1);
        const [w, bias] = [randomValues(taps * channels, 2), randomValues(channels, 3)];
        const [y] = await runGraph(gpu, (g, feed) =>
          convDepthwise(
            g,
            feed('x', each.map, x),
            feed('w', [...each.kernel, channels], w),
            feed('bias', [channels], bias),
            { ...each, activation },
          ),
        );
        const sums = convolve(x, w, bias, each);
        const expected = activation === 'gelu' ? sums.map(gelu) : sums;
        expectClose('y', y ?? [], expected, sumTolerance(taps + 1, 2));
      });

  it('counts its multiply-adds and names the operands that do not fit', () => {
    const g = new Graph('test');
    const [x, w, bias] = [g.tensor('x', [8, 8, 4]), g.tensor('w', [3, 3, 4]), g.tensor('b', [4])];
    const y = convDepthwise(g, x, w, bias, { stride: 2, padding: 1 });
    expect(y.shape).toEqual([4, 4, 4]);
    expect(g.finish().dispatches[0]?.flops).toBe(2 * 64 * 9);
    expect(() => convDepthwise(g, x, g.tensor('w8', [3, 3, 8]), bias, { stride: 1, padding: 1 })).toThrow(
      "convDepthwise: 'x' [8,8,4] with 'w8' [3,3,8] does not fit",
    );
  });
});
