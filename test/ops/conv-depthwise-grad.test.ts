import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { activateGrad } from '../../src/ops/activate-grad.ts';
import { convDepthwise } from '../../src/ops/conv-depthwise.ts';
import { convDepthwiseGrad } from '../../src/ops/conv-depthwise-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { gelu } from './definitions.ts';
import { convolve, type DepthwiseCase } from './depthwise-definition.ts';
import { expectGradient } from './gradient.ts';

const square = { kernel: [3, 3], stride: 1, padding: 1 } as const;
const CASES: Record<string, DepthwiseCase> = {
  'one pixel': { ...square, map: [1, 1, 4] },
  'below a workgroup of 64': { ...square, map: [3, 7, 8] },
  'at a workgroup': { ...square, map: [4, 8, 8] },
  'above a workgroup': { ...square, map: [5, 13, 4] },
  'stride 2, even side': { ...square, map: [8, 6, 4], stride: 2 },
  'stride 2, odd side': { ...square, map: [7, 5, 4], stride: 2 },
  'stride 2 without padding: the last column is read by nothing': {
    ...square,
    map: [4, 6, 4],
    stride: 2,
    padding: 0,
  },
  'a kernel that is not square, no padding': { map: [5, 6, 4], kernel: [2, 4], stride: 1, padding: 0 },
};

describe('gradient of convDepthwise', () => {
  for (const [name, each] of Object.entries(CASES))
    for (const activation of ['none', 'gelu'] as const)
      gpuTest(`${name}, ${activation}`, async (gpu) => {
        const [height, width, channels] = each.map;
        const taps = each.kernel[0] * each.kernel[1];
        await expectGradient(gpu, {
          inputs: {
            x: { shape: each.map, values: randomValues(height * width * channels, 1) },
            w: { shape: [...each.kernel, channels], values: randomValues(taps * channels, 2), frozen: true },
            bias: { shape: [channels], values: randomValues(channels, 3), frozen: true },
          },
          record: (g, { x, w, bias }) => convDepthwise(g, x, w, bias, { ...each, activation }),
          definition: ({ x, w, bias }) => {
            const sums = convolve(x, w, bias, each);
            return activation === 'gelu' ? sums.map(gelu) : sums;
          },
          derivatives: [convDepthwiseGrad, activateGrad],
        });
      });

  it('refuses weights that need a gradient', () => {
    const g = new Graph('test');
    const [x, w, bias] = [
      g.external('x', [2, 2, 4]),
      g.watch(g.external('w', [3, 3, 4])),
      g.external('b', [4]),
    ];
    const y = convDepthwise(g, x, w, bias, { stride: 1, padding: 1 });
    g.accumulate(y, () => g.external('dy', y.shape));
    expect(() => g.backward([convDepthwiseGrad])).toThrow("no gradient flows to 'w': weights must be frozen");
  });
});
