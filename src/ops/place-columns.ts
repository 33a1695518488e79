import { placeColumns as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, rowsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import { add } from './add.ts';
import type { Columns } from './attention.ts';
import { laneGrid } from './lane-grid.ts';

/** Options of `placeColumns`. */
export interface PlaceColumnsOptions {
  /** Added to the result, of its shape. */
  readonly before?: Tensor | undefined;
  readonly name?: string;
}

/**
 * The gradient of a tensor from those of ranges of its columns: each part is added from column `start` on, and what no
 * part covers is 0. Ranges may overlap.
 *
 * @param parts one to three, of equal shape [rows, cols of a part]; columns in multiples of 4
 * @returns `shape`; the part itself where it is all there is
 * @throws ShapeError where rows differ or a part does not fit.
 */
export function placeColumns(
  g: Graph,
  parts: readonly Columns[],
  shape: readonly number[],
  { before, name = `placed(${parts.map(({ tensor }) => tensor.name)})` }: PlaceColumnsOptions = {},
): Tensor {
  const y = g.tensor(name, shape);
  const [a, b = a, c = a] = parts;
  expect(
    a !== undefined && b !== undefined && c !== undefined && parts.length <= 3,
    'placeColumns',
    () => `${parts.length} parts of '${name}', expected 1 to 3`,
  );
  const cols = columnsOf(a.tensor);
  for (const { tensor, start } of parts)
    expect(
      rowsOf(tensor) === rowsOf(y) &&
        columnsOf(tensor) === cols &&
        start + cols <= columnsOf(y) &&
        [start, cols, columnsOf(y)].every((n) => n % 4 === 0),
      'placeColumns',
      () => `'${tensor.name}' [${tensor.shape}] does not fit [${shape}] from column ${start}`,
    );
  if (parts.length === 1 && cols === columnsOf(y)) return before ? add(g, before, a.tensor) : a.tensor;
  const outputs4 = sizeOf(y) / 4;
  g.record(
    kernel,
    { before: before ?? a.tensor, a: a.tensor, b: b.tensor, c: c.tensor, y },
    {
      cols4: columnsOf(y) / 4,
      part_cols4: cols / 4,
      start_a: a.start / 4,
      start_b: b.start / 4,
      start_c: c.start / 4,
      outputs4,
    },
    { workgroups: laneGrid(kernel, outputs4), tuning: { ADD: before ? 1 : 0, PARTS: parts.length } },
  );
  return y;
}

/** Adds to the gradients of tensors those of ranges of their columns, of which several may be of one tensor. */
export function accumulateColumns(
  g: Graph,
  parts: readonly { readonly of: Columns; readonly gradient: Tensor }[],
): void {
  for (const tensor of new Set(parts.map(({ of }) => of.tensor)))
    g.accumulate(tensor, (before) => {
      const placed = parts.filter(({ of }) => of.tensor === tensor);
      const columns = placed.map(({ of, gradient }) => ({ tensor: gradient, start: of.start }));
      return placeColumns(g, columns, tensor.shape, { before, name: `grad(${tensor.name})` });
    });
}
