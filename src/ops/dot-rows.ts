import { dotRows as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, expectShape, rowsOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

export const DOT_ROWS: DifferentiableOp<{ readonly x: Tensor; readonly w: Tensor; readonly b: Tensor }> = {
  name: 'dotRows',
};

/**
 * The product of every row of x [..., inner] with one vector w [inner], plus b [1]: a linear layer or 1x1
 * convolution with a single output. `inner` is a multiple of 4.
 *
 * @returns x's shape without the last axis
 * @throws ShapeError where the axes do not fit.
 */
export function dotRows(
  g: Graph,
  x: Tensor,
  w: Tensor,
  b: Tensor,
  { name = `dotRows(${x.name},${w.name})` }: { readonly name?: string } = {},
): Tensor {
  const inner = columnsOf(x);
  const rows = rowsOf(x);
  expect(
    x.shape.length > 1 && inner % 4 === 0,
    'dotRows',
    () => `'${x.name}' [${x.shape}] needs rows and columns, the columns a multiple of 4`,
  );
  expectShape('dotRows', w, [inner]);
  expectShape('dotRows', b, [1]);
  const y = g.tensor(name, x.shape.slice(0, -1));
  g.record(
    kernel,
    { x, w, b, y },
    { rows, inner4: inner / 4 },
    { workgroups: laneGrid(kernel, rows), flops: 2 * rows * inner },
  );
  g.note(DOT_ROWS, { x, w, b }, y, [x, w, b]);
  return y;
}
