import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { add } from '../../src/ops/add.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

describe('add', () => {
  // Sizes below, at and above a workgroup of 64 x 4 values; a b of one row, of fewer rows, of the same shape.
  for (const [a, b] of [
    [[1, 4], [4]],
    [
      [9, 28],
      [9, 28],
    ],
    [
      [64, 4],
      [1, 4],
    ],
    [
      [5, 4, 16],
      [4, 16],
    ],
    [[13, 20], [20]],
    [
      [6, 2],
      [2, 2],
    ],
  ] as const)
    gpuTest(`[${a}] + [${b}]`, async (gpu) => {
      const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
      const [left, right] = [randomValues(size(a), 1), randomValues(size(b), 2)];
      const [y] = await runGraph(gpu, (g, feed) => add(g, feed('a', a, left), feed('b', b, right)));
      const expected = Array.from(left, (v, i) => v + at(right, i % right.length));
      expectClose('y', y ?? [], expected, sumTolerance(1));
    });

  gpuTest('more workgroups than one axis of the grid holds', async (gpu) => {
    const rows = 65_536 * 16 + 1;
    const [left, right] = [randomValues(rows * 16, 1), randomValues(16, 2)];
    const [y = new Float32Array()] = await runGraph(gpu, (g, feed) =>
      add(g, feed('a', [rows, 16], left), feed('b', [16], right)),
    );
    const sample = [0, 1, 65_535 * 256 - 1, 65_535 * 256, rows * 16 - 1];
    expectClose(
      'y',
      sample.map((i) => at(y, i)),
      sample.map((i) => at(left, i) + at(right, i % 16)),
      sumTolerance(1),
    );
    expect(y.every(Number.isFinite)).toBe(true);
  });

  it('names the operand that does not repeat', () => {
    const g = new Graph('test');
    const a = g.tensor('a', [5, 8]);
    expect(() => add(g, a, g.tensor('b', [2, 8]))).toThrow(
      "add: 'b' [2,8] does not repeat to fill 'a' [5,8] (sizes in multiples of 4)",
    );
    expect(() => add(g, a, g.tensor('b', [4]))).toThrow('does not repeat');
  });
});
