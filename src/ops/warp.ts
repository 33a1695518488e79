import { warp as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expectShape, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/**
 * A picture seen through an affine map: pixel (q, r) shows what lies at `(a, b; c, d) (q + 1/2, r + 1/2) + shift`,
 * bilinear, with zeros beyond the picture.
 *
 * @param x [S, S, 4], the picture in its top left part
 * @param view [8]: a, b, c, d, shift x, shift y, width and height of the picture in the square
 * @returns [S, S, 4]
 */
export function warp(g: Graph, x: Tensor, view: Tensor): Tensor {
  const [side = 0] = x.shape;
  expectShape('warp', x, [side, side, 4]);
  expectShape('warp', view, [8]);
  const y = g.tensor(`warp(${x.name})`, x.shape);
  g.record(kernel, { x, view, y }, { side }, { workgroups: laneGrid(kernel, side * side) });
  return y;
}
