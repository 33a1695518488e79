import { matmulNorm as kernel } from '../generated/kernels.ts';
import { computedAs, storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, expectShape, rowsOf, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';

/**
 * `layernorm(x w + bias + residual)`: a row is computed in whole by one workgroup, for GPUs.
 *
 * @param x [..., inner], inner at most 128
 * @param w [inner, cols], cols a power of 2 up to 256
 * @param vectors [3 cols]: bias, the norm's weight and bias
 * @param residual as many values as the result, [...x.shape without the last axis, cols]
 * @throws ShapeError where the shapes do not fit.
 */
export function matmulNorm(
  g: Graph,
  x: Tensor,
  w: Tensor,
  {
    vectors,
    residual,
    eps,
    name,
  }: { readonly vectors: Tensor; readonly residual: Tensor; readonly eps: number; readonly name: string },
): Tensor {
  const [rows, inner] = [rowsOf(x), columnsOf(x)];
  const [, cols = 0] = w.shape;
  const { INNER4, COLS4, GROUPS } = kernel.tunables;
  expectShape('matmulNorm', w, [inner, cols]);
  expectShape('matmulNorm', vectors, [3 * cols]);
  expect(
    inner % 4 === 0 &&
      inner <= 4 * INNER4.default &&
      Number.isInteger(Math.log2(cols / 4)) &&
      cols <= 4 * COLS4.default &&
      sizeOf(residual) === rows * cols,
    'matmulNorm',
    () =>
      `'${x.name}' [${x.shape}] times '${w.name}' [${w.shape}] with residual '${residual.name}' [${residual.shape}]: expected up to ${4 * INNER4.default} columns to a power of 2 of them, up to ${4 * COLS4.default}`,
  );
  const y = g.tensor(name, [...x.shape.slice(0, -1), cols]);
  g.record(
    computedAs(storedAs(kernel, storageOf(w)), g.traits.compute),
    { x, w, scale: w.scale ?? w, vectors, residual, y },
    { rows, eps },
    {
      workgroups: [Math.ceil(rows / (4 * GROUPS.default)), 1, 1],
      tuning: { INNER4: inner / 4, COLS4: cols / 4, SCALED: w.scale ? 1 : 0 },
      flops: 2 * rows * inner * cols,
    },
  );
  return y;
}
