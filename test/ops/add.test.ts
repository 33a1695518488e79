import { describe, expect, it } from 'vitest';
import { add as kernel } from '../../src/generated/kernels.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add } from '../../src/ops/add.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu } from './definitions.ts';

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

  gpuTest('an activation after the sum', async (gpu) => {
    const [left, right] = [randomValues(40, 1), randomValues(40, 2)];
    const [y] = await runGraph(gpu, (g, feed) =>
      add(g, feed('a', [10, 4], left), feed('b', [10, 4], right), { activation: 'gelu' }),
    );
    const expected = Array.from(left, (v, i) => gelu(v + at(right, i)));
    expectClose('y', y ?? [], expected, sumTolerance(1, 2));
  });

  gpuTest('a grid folded into y', async (gpu) => {
    const [left, right] = [randomValues(5 * 256 + 4, 1), randomValues(5 * 256 + 4, 2)];
    const [y] = await runGraph(gpu, (g, feed) => {
      const y = g.tensor('y', [left.length]);
      const operands = { a: feed('a', y.shape, left), b: feed('b', y.shape, right), y };
      const length4 = left.length / 4;
      g.record(kernel, operands, { outputs4: length4, period4: length4 }, { workgroups: [3, 2, 1] });
      return y;
    });
    const expected = Array.from(left, (v, i) => v + at(right, i));
    expectClose('y', y ?? [], expected, sumTolerance(1));
  });

  it('folds more workgroups than one axis of the grid holds', () => {
    const g = new Graph('test');
    add(g, g.tensor('a', [65_536, 256]), g.tensor('b', [256]));
    expect(g.finish().dispatches[0]?.workgroups).toEqual([32_768, 2, 1]);
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
