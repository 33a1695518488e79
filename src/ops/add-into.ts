import { addInto as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/**
 * Adds x to what is in `sum` already: how the gradients of several pictures meet.
 *
 * @param sum external, of x's shape
 */
export function addInto(g: Graph, sum: Tensor, x: Tensor): void {
  expectShape('addInto', x, sum.shape);
  const count = sizeOf(sum);
  g.record(kernel, { x, y: sum }, { count }, { workgroups: laneGrid(kernel, Math.ceil(count / 4)) });
}
