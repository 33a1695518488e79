import type { Graph } from '../graph/graph.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { add } from './add.ts';
import { sumRows } from './sum-rows.ts';

/**
 * Adds dy to the gradient of a tensor that an op added as it is: all of dy, or its sum over the repetitions of a tensor
 * that was repeated to dy's size.
 */
export function passOn(g: Graph, tensor: Tensor, dy: Tensor): void {
  g.accumulate(tensor, (before) => {
    const name = `grad(${tensor.name})`;
    if (sizeOf(tensor) < sizeOf(dy)) return sumRows(g, dy, tensor.shape, { before, name });
    return before ? add(g, before, dy, { name }) : dy;
  });
}
