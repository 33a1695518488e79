import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { concatRows, sliceRows } from '../../src/ops/copy-rows.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph, wordsOf } from '../run-graph.ts';

describe('concatRows', () => {
  for (const [name, shapes, shape] of [
    ['one part', [[3, 4]], [3, 4]],
    [
      'rows below and above a workgroup',
      [
        [1, 4],
        [15, 4],
        [19, 4],
        [64, 4],
      ],
      [99, 4],
    ],
    [
      'coordinates of 2 columns',
      [
        [1, 2],
        [4, 2],
      ],
      [5, 2],
    ],
    ['a map, a vector as a row, a part without rows', [[2, 3, 4], [4], [0, 4], [1, 4]], [8, 4]],
    ['vectors', [[3], [1], [2]], [6]],
  ] as const)
    gpuTest(name, async (gpu) => {
      const parts = shapes.map((part: readonly number[], i) =>
        randomValues(
          part.reduce((product, n) => product * n, 1),
          i + 1,
        ),
      );
      let out: readonly number[] = [];
      const [y] = await runGraph(gpu, (g, feed) => {
        const tensors = shapes.map((part, i) => feed(`part${i}`, part, parts[i] ?? new Float32Array()));
        const joined = concatRows(g, tensors);
        out = joined.shape;
        return joined;
      });
      expect(out).toEqual(shape);
      expect([...(y ?? [])]).toEqual(parts.flatMap((part) => [...part]));
    });

  gpuTest('whole numbers are moved as bits', async (gpu) => {
    const [y] = await runGraph(gpu, (g, feed) =>
      concatRows(g, [feed('a', [1], Uint32Array.of(0x7f800001)), feed('b', [1], Uint32Array.of(7))]),
    );
    expect([...wordsOf(y)]).toEqual([0x7f800001, 7]);
  });

  it('names the part whose columns are wrong, and refuses to make nothing', () => {
    const g = new Graph('test');
    expect(() => concatRows(g, [g.tensor('a', [2, 4]), g.tensor('b', [2, 8])])).toThrow(
      "concatRows: 'b' has shape [2,8], expected [...,4]",
    );
    expect(() => concatRows(g, [])).toThrow('would have no values');
  });
});

describe('sliceRows', () => {
  for (const [name, shape, start, count, from, to] of [
    ['the first row', [5, 4], 0, 1, 0, 4],
    ['the last rows', [67, 4], 2, 65, 8, 268],
    ['columns that are no multiple of 4', [7, 3], 3, 2, 9, 15],
    ['rows of a map', [3, 4, 4], 4, 8, 16, 48],
    ['values of a vector', [4], 1, 3, 1, 4],
  ] as const)
    gpuTest(name, async (gpu) => {
      const x = randomValues(
        shape.reduce((product: number, n) => product * n, 1),
        1,
      );
      const [y] = await runGraph(gpu, (g, feed) => sliceRows(g, feed('x', shape, x), start, count));
      expect([...(y ?? [])]).toEqual([...x.subarray(from, to)]);
    });

  it('gives [count, cols], [count] of a vector, or the shape asked for', () => {
    const g = new Graph('test');
    const masks = g.tensor('masks', [4, 8, 16]);
    expect(sliceRows(g, masks, 8, 24).shape).toEqual([24, 16]);
    expect(sliceRows(g, masks, 8, 24, { shape: [3, 8, 16] }).shape).toEqual([3, 8, 16]);
    expect(sliceRows(g, g.tensor('ious', [4]), 1, 3).shape).toEqual([3]);
  });

  it('names rows that are not there and shapes of another size', () => {
    const g = new Graph('test');
    const x = g.tensor('x', [4, 8]);
    expect(() => sliceRows(g, x, 3, 2)).toThrow("sliceRows: 'x' [4,8] has no rows 3 to 5");
    expect(() => sliceRows(g, x, 0, 2, { shape: [8, 4] })).toThrow(
      '2 rows of 8 columns cannot have the shape [8,4]',
    );
  });
});
