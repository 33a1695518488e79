import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { dotRows } from '../../src/ops/dot-rows.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

describe('dotRows', () => {
  for (const [shape, inner] of [
    [[1], 4],
    [[63], 8],
    [[64], 64],
    [[67], 12],
    [[5, 13], 256],
  ] as readonly (readonly [number[], number])[])
    gpuTest(`[${shape},${inner}]`, async (gpu) => {
      const rows = shape.reduce((product, n) => product * n, 1);
      const [x, w, b] = [randomValues(rows * inner, 1), randomValues(inner, 2), randomValues(1, 3)];
      let out: readonly number[] = [];
      const [y] = await runGraph(gpu, (g, feed) => {
        const sums = dotRows(g, feed('x', [...shape, inner], x), feed('w', [inner], w), feed('b', [1], b));
        out = sums.shape;
        return sums;
      });
      const expected = Array.from({ length: rows }, (_, r) =>
        w.reduce((sum, v, k) => sum + v * at(x, r * inner + k), at(b, 0)),
      );
      expect(out).toEqual(shape);
      expectClose('y', y ?? [], expected, sumTolerance(inner));
    });

  it('names the vector whose length is wrong', () => {
    const g = new Graph('test');
    const [x, w, b] = [g.tensor('x', [2, 8]), g.tensor('w', [4]), g.tensor('b', [1])];
    expect(() => dotRows(g, x, w, b)).toThrow("dotRows: 'w' has shape [4], expected [8]");
  });
});
