import { upsampleAdd as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

export const UPSAMPLE_ADD: DifferentiableOp<{ readonly fine: Tensor; readonly coarse: Tensor }> = {
  name: 'upsampleAdd',
};

/**
 * `fine + nearest(coarse)`: coarse [h, w, C] is repeated to the size of fine [H, W, C] (PyTorch's
 * `interpolate(mode='nearest')`). H and W are whole multiples of h and w, C of 4.
 *
 * @returns [H, W, C]
 * @throws ShapeError where the shapes do not fit.
 */
export function upsampleAdd(
  g: Graph,
  fine: Tensor,
  coarse: Tensor,
  { name = `upsampleAdd(${fine.name},${coarse.name})` }: { readonly name?: string } = {},
): Tensor {
  const [height = 0, width = 0, channels = 0] = fine.shape;
  const [coarseHeight = 0, coarseWidth = 0] = coarse.shape;
  expect(
    fine.shape.length === 3 &&
      coarse.shape.length === 3 &&
      coarse.shape[2] === channels &&
      channels % 4 === 0 &&
      height % coarseHeight === 0 &&
      width % coarseWidth === 0,
    'upsampleAdd',
    () =>
      `'${coarse.name}' [${coarse.shape}] does not tile '${fine.name}' [${fine.shape}] (channels in multiples of 4)`,
  );
  const y = g.tensor(name, fine.shape);
  const outputs4 = sizeOf(y) / 4;
  g.record(
    kernel,
    { fine, coarse, y },
    {
      width,
      coarse_width: coarseWidth,
      scale_y: height / coarseHeight,
      scale_x: width / coarseWidth,
      channels4: channels / 4,
      outputs4,
    },
    { workgroups: laneGrid(kernel, outputs4) },
  );
  g.note(UPSAMPLE_ADD, { fine, coarse }, y, [fine, coarse]);
  return y;
}
