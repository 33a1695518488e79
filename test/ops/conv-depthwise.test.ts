import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { convDepthwise } from '../../src/ops/conv-depthwise.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { gelu } from './definitions.ts';
import { convolve, type DepthwiseCase } from './depthwise-definition.ts';

const square = { kernel: [3, 3], stride: 1, padding: 1 } as const;
const CASES: Record<string, DepthwiseCase> = {
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
