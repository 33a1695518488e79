import { padRows as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { CONCAT_ROWS, SLICE_ROWS } from './copy-rows.ts';
import { laneGrid } from './lane-grid.ts';

/** Each part gets its rows of dy. */
export const concatRowsGrad = derivativeOf(CONCAT_ROWS, (g, { parts }, dy) => {
  let first = 0;
  for (const part of parts) {
    const start = first;
    g.accumulate(part, (sum) => shifted(g, dy, part, -start, sum));
    first += sizeOf(part);
  }
});

/** dy where the rows came from, and nothing elsewhere. */
export const sliceRowsGrad = derivativeOf(SLICE_ROWS, (g, { x, first }, dy) => {
  g.accumulate(x, (sum) => shifted(g, dy, x, first, sum));
});

/**
 * A gradient of `like`, plus `sum`: the values of dy moved up by `start`, or down where it is negative, with zeros where
 * none arrives; those that fall out at either end are dropped.
 */
export function shifted(g: Graph, dy: Tensor, like: Tensor, start: number, sum: Tensor | undefined): Tensor {
  const dx = g.tensor(`grad(${like.name})`, like.shape);
  const outputs = sizeOf(like);
  g.record(
    kernel,
    { dy, before: sum ?? dy, y: dx },
    // The kernel counts modulo 2^32, where -1 is the largest number.
    { start: start >>> 0, count: sizeOf(dy), outputs },
    { workgroups: laneGrid(kernel, outputs), tuning: { ADD: sum ? 1 : 0 } },
  );
  return dx;
}
