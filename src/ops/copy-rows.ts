import { copyRows as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

export const CONCAT_ROWS: DifferentiableOp<{ readonly parts: readonly Tensor[] }> = { name: 'concatRows' };

/** `first` is the first value, not row. */
export const SLICE_ROWS: DifferentiableOp<{ readonly x: Tensor; readonly first: number }> = {
  name: 'sliceRows',
};

/**
 * Puts tensors one below the other: [n_i, cols] to [sum of n_i, cols]. Axes before the last count as rows, parts
 * without rows are passed over. Vectors alone, [n_i], give a vector; among matrices a vector is one row.
 *
 * @throws ShapeError where the columns differ or there is nothing to put together.
 */
export function concatRows(
  g: Graph,
  parts: readonly Tensor[],
  { name = `concat(${parts.map((part) => part.name)})` }: { readonly name?: string } = {},
): Tensor {
  const matrix = parts.find((part) => part.shape.length > 1);
  const cols = matrix ? columnsOf(matrix) : 1;
  for (const part of matrix ? parts : [])
    expect(
      columnsOf(part) === cols,
      'concatRows',
      () => `'${part.name}' has shape [${part.shape}], expected [...,${cols}]`,
    );
  const size = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  expect(size > 0, 'concatRows', () => `'${name}' would have no values`);
  const y = g.tensor(name, matrix ? [size / cols, cols] : [size], parts[0]?.dtype);
  let to = 0;
  for (const x of parts) {
    const count = sizeOf(x);
    if (count === 0) continue;
    g.record(kernel, { x, y }, { start: 0, to, count }, { workgroups: laneGrid(kernel, count) });
    to += count;
  }
  g.note(CONCAT_ROWS, { parts }, y, parts);
  return y;
}

/** Options of `sliceRows`. */
export interface SliceRowsOptions {
  readonly name?: string;
  /** What to call the values instead of [count, cols]: as many of them. */
  readonly shape?: readonly number[];
}

/**
 * `count` rows of x [..., cols] from row `start`, where every axis before the last counts: mask m of [M, h, w] is
 * rows m h to (m + 1) h. The values of a vector [n] are rows of one.
 *
 * @returns `shape`, or [count, cols], or [count] of a vector
 * @throws ShapeError where x has no such rows or `shape` another size.
 */
export function sliceRows(
  g: Graph,
  x: Tensor,
  start: number,
  count: number,
  { name = `slice(${x.name},${start},${count})`, shape }: SliceRowsOptions = {},
): Tensor {
  const cols = x.shape.length > 1 ? columnsOf(x) : 1;
  expect(
    start >= 0 && count > 0 && (start + count) * cols <= sizeOf(x),
    'sliceRows',
    () => `'${x.name}' [${x.shape}] has no rows ${start} to ${start + count}`,
  );
  const y = g.tensor(name, shape ?? (x.shape.length > 1 ? [count, cols] : [count]), x.dtype);
  expect(
    sizeOf(y) === count * cols,
    'sliceRows',
    () => `${count} rows of ${cols} columns cannot have the shape [${y.shape}]`,
  );
  g.record(
    kernel,
    { x, y },
    { start: start * cols, to: 0, count: count * cols },
    { workgroups: laneGrid(kernel, count * cols) },
  );
  g.note(SLICE_ROWS, { x, first: start * cols }, y, [x]);
  return y;
}
