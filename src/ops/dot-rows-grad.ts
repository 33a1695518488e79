import { dotRowsGradW, dotRowsGradX } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { rowsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import { shifted } from './copy-rows-grad.ts';
import { DOT_ROWS } from './dot-rows.ts';
import { laneGrid } from './lane-grid.ts';
import { sumRows } from './sum-rows.ts';

/** Rows that one invocation adds up. */
const CHUNK = 64;

/** `dx = dy wᵀ`, `dw = xᵀ dy` and `db` the sum of dy: the last two in one pass over x. */
export const dotRowsGrad = derivativeOf(DOT_ROWS, (g, { x, w, b }, dy) => {
  g.accumulate(x, (before) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const outputs4 = sizeOf(x) / 4;
    g.record(
      dotRowsGradX,
      { dy, w, before: before ?? w, dx },
      { inner4: sizeOf(w) / 4, outputs4 },
      { workgroups: laneGrid(dotRowsGradX, outputs4), tuning: { ADD: before ? 1 : 0 } },
    );
    return dx;
  });
  if (!g.needsGradient(w) && !g.needsGradient(b)) return;
  const sums = sumsOf(g, x, dy, sizeOf(w));
  g.accumulate(w, (sum) => shifted(g, sums, w, 0, sum));
  g.accumulate(b, (sum) => shifted(g, sums, b, -sizeOf(w), sum));
});

/** [inner + 4]: the gradient of w, then that of b. */
function sumsOf(g: Graph, x: Tensor, dy: Tensor, inner: number): Tensor {
  const rows = rowsOf(x);
  const chunks = Math.ceil(rows / CHUNK);
  const sums = g.tensor(`sums(${x.name})`, [chunks, inner + 4]);
  const outputs4 = sizeOf(sums) / 4;
  g.record(
    dotRowsGradW,
    { x, dy, sums },
    { rows, inner4: inner / 4, chunk: CHUNK, outputs4 },
    { workgroups: laneGrid(dotRowsGradW, outputs4), flops: 2 * rows * inner },
  );
  return sumRows(g, sums, [inner + 4]);
}
