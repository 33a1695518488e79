import { addPosition as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

export const ADD_POSITION: DifferentiableOp<{ readonly x: Tensor }> = { name: 'addPosition' };

/**
 * `x[r, q] + concat(yTable[r], xTable[q])`: a separable position code (DETR's sine: the first half of the channels
 * tells the row) added to a map without ever being written out. x [H, W, C], yTable [H, C/2], xTable [W, C/2], C a
 * multiple of 8.
 *
 * @returns [H, W, C]
 * @throws ShapeError where the shapes do not fit.
 */
export function addPosition(
  g: Graph,
  x: Tensor,
  yTable: Tensor,
  xTable: Tensor,
  { name = `addPosition(${x.name})` }: { readonly name?: string } = {},
): Tensor {
  const [height = 0, width = 0, channels = 0] = x.shape;
  expect(
    x.shape.length === 3 && channels % 8 === 0,
    'addPosition',
    () => `'${x.name}' has shape [${x.shape}], expected [H,W,C] with C a multiple of 8`,
  );
  expectShape('addPosition', yTable, [height, channels / 2]);
  expectShape('addPosition', xTable, [width, channels / 2]);
  const y = g.tensor(name, x.shape);
  const outputs4 = sizeOf(x) / 4;
  g.record(
    kernel,
    { x, y_table: yTable, x_table: xTable, y },
    { width, half4: channels / 8, outputs4 },
    { workgroups: laneGrid(kernel, outputs4) },
  );
  g.note(ADD_POSITION, { x }, y, [x, yTable, xTable]);
  return y;
}
