import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { gelu } from './definitions.ts';

/** The definition, in f64: sums over k of one element at a time. */
function product(x: Float32Array, w: Float32Array, rows: number, inner: number, cols: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const [row, col] = [Math.floor(at / cols), at % cols];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += (x[row * inner + k] as number) * (w[k * cols + col] as number);
    return sum;
  });
}

/** Traits choose the kernel: for GPUs tiles, small ones where rows are few; for software adapters blocks, or quads that share loads. */
const VARIANTS = [
  ['tile', { cpu: false }],
  ['block', { cpu: true, subgroups: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

describe.each(VARIANTS)('matmul, %s', (_, traits) => {
  // Below, at and above the tiles of 4 x 4 and 16 x 32, and the workgroups of 32 x 32, 64 x 32, 32 x 64 and 64 x 64 (the
  // last where they are many); one row; primes.
  for (const [rows, inner, cols] of [
    [1, 4, 4],
    [3, 8, 28],
    [4, 32, 32],
    [31, 12, 36],
    [32, 4, 32],
    [33, 256, 4],
    [16, 8, 64],
    [17, 8, 28],
    [97, 64, 68],
    [64, 20, 132],
    [523, 36, 1028],
  ] as const)
    gpuTest(`${rows} x ${inner} times ${inner} x ${cols}`, async (gpu) => {
      const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
      const [y] = await runGraph(
        gpu,
        (g, feed) => matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w)),
        traits,
      );
      expectClose('y', y ?? [], product(x, w, rows, inner, cols), sumTolerance(inner));
    });

  gpuTest('bias, gelu, then a residual of fewer rows', async (gpu) => {
    const [rows, inner, cols] = [10, 16, 8];
    const [x, w, b, r] = [1, 2, 3, 4].map((seed) => randomValues(160, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w.slice(0, 128)), {
          bias: feed('b', [cols], b.slice(0, cols)),
          activation: 'gelu',
          residual: feed('r', [5, cols], r.slice(0, 40)),
        }),
      traits,
    );
    const expected = product(x, w, rows, inner, cols).map(
      (v, at) => gelu(v + (b[at % cols] as number)) + (r[at % 40] as number),
    );
    expectClose('y', y ?? [], expected, sumTolerance(inner, 2));
  });

  gpuTest('independent products of a batched weight', async (gpu) => {
    const [x, w, b] = [randomValues(3 * 2 * 8, 1), randomValues(3 * 8 * 4, 2), randomValues(12, 3)];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        matmul(g, feed('x', [3, 2, 8], x), feed('w', [3, 8, 4], w), { bias: feed('b', [3, 4], b) }),
      traits,
    );
    const expected = [0, 1, 2].flatMap((n) => [
      ...product(x.subarray(n * 16), w.subarray(n * 32), 2, 8, 4).map(
        (v, at) => v + (b[n * 4 + (at % 4)] as number),
      ),
    ]);
    expectClose('y', y ?? [], expected, sumTolerance(8));
  });
});

describe('matmul', () => {
  it('names both operands when the axes do not fit', () => {
    const g = new Graph('test');
    expect(() => matmul(g, g.tensor('x', [2, 8]), g.tensor('w', [12, 4]))).toThrow(
      "matmul: 'x' [2,8] times 'w' [12,4] does not fit",
    );
  });
});
