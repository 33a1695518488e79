import { boxCorners as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

export const BOX_CORNERS: DifferentiableOp<{ readonly xywh: Tensor }> = { name: 'boxCorners' };

/**
 * The corners of boxes (x, y, width, height), [4] or [n, 4]: a row (x, y) and a row (x + width, y + height) each.
 * Not clamped: a corner may lie past 1, as in the reference.
 *
 * @returns [2 n, 2]
 * @throws ShapeError where a box has not four values.
 */
export function boxCorners(
  g: Graph,
  xywh: Tensor,
  { name = `boxCorners(${xywh.name})` }: { readonly name?: string } = {},
): Tensor {
  expect(
    columnsOf(xywh) === 4,
    'boxCorners',
    () => `'${xywh.name}' has shape [${xywh.shape}], expected [4] or [n,4]`,
  );
  const boxes = rowsOf(xywh);
  const y = g.tensor(name, [boxes * 2, 2]);
  g.record(kernel, { xywh, y }, { boxes }, { workgroups: laneGrid(kernel, boxes) });
  g.note(BOX_CORNERS, { xywh }, y, [xywh]);
  return y;
}
