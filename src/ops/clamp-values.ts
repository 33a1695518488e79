import { clampValues as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/**
 * Every value of x, at least `low` and at most `high`.
 *
 * @returns the shape of x
 */
export function clampValues(
  g: Graph,
  x: Tensor,
  low: number,
  high: number,
  { name = `clamp(${x.name})` }: { readonly name?: string } = {},
): Tensor {
  const y = g.tensor(name, x.shape);
  const count = sizeOf(x);
  g.record(kernel, { x, y }, { count, low, high }, { workgroups: laneGrid(kernel, count) });
  return y;
}
