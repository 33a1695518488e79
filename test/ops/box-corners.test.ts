import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { boxCorners } from '../../src/ops/box-corners.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

describe('boxCorners', () => {
  for (const boxes of [1, 2, 64, 67])
    gpuTest(`${boxes} boxes, some past 1`, async (gpu) => {
      const xywh = randomValues(boxes * 4, 1).map((v) => (v + 1) / 2);
      let shape: readonly number[] = [];
      const [y] = await runGraph(gpu, (g, feed) => {
        const corners = boxCorners(g, feed('xywh', boxes === 1 ? [4] : [boxes, 4], xywh));
        shape = corners.shape;
        return corners;
      });
      const expected = Array.from({ length: boxes }, (_, n) => {
        const [x, y, w, h] = [0, 1, 2, 3].map((i) => at(xywh, n * 4 + i)) as [number, number, number, number];
        return [x, y, x + w, y + h];
      }).flat();
      expect(shape).toEqual([boxes * 2, 2]);
      expectClose('y', y ?? [], expected, sumTolerance(1));
    });

  it('names the tensor that holds no boxes', () => {
    const g = new Graph('test');
    expect(() => boxCorners(g, g.tensor('xyxy', [2, 2]))).toThrow(
      "boxCorners: 'xyxy' has shape [2,2], expected [4] or [n,4]",
    );
  });
});
