import {
  layernormStats as statsKernel,
  layernormGradWeight as weightKernel,
  layernormGradX as xKernel,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { columnsOf, rowsOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { LAYERNORM } from './layernorm.ts';
import { sumRows } from './sum-rows.ts';

/** Rows that one invocation of the weight's gradient adds up. */
const CHUNK = 64;

/** An affine normalisation of the rows of x [..., cols]. */
export interface NormCall {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly eps: number;
}

/** Gradients of a normalisation; mean and deviation of each row are computed again, once for both. */
export const layernormGrad = derivativeOf(LAYERNORM, (g, call, dy) => {
  recordNormGrad(g, call, dy, (record) => g.accumulate(call.x, record));
});

/**
 * Records the gradients of `layernorm(x) * weight + bias`: those of weight and bias go to the graph.
 *
 * @param toX gets what records the gradient by x, [..., cols] as x, added to a sum; to be called at most once
 */
export function recordNormGrad(
  g: Graph,
  { x, weight, bias, eps }: NormCall,
  dy: Tensor,
  toX: (record: (sum: Tensor | undefined) => Tensor) => void,
): void {
  const [rows, cols] = [rowsOf(x), columnsOf(x)];
  const cols4 = cols / 4;
  let known: Tensor | undefined;
  const statistics = () => {
    if (known) return known;
    known = g.tensor(`stats(${x.name})`, [rows, 2]);
    g.record(
      statsKernel,
      { x, stats: known },
      { rows, cols4, eps },
      { workgroups: laneGrid(statsKernel, rows) },
    );
    return known;
  };
  toX((sum) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const operands = { x, stats: statistics(), weight, dy, before: sum ?? dy, dx };
    const options = { workgroups: laneGrid(xKernel, rows), tuning: { ADD: sum ? 1 : 0 } };
    g.record(xKernel, operands, { rows, cols4 }, options);
    return dx;
  });
  g.accumulate(weight, (before) => {
    const chunks = Math.ceil(rows / CHUNK);
    const parts = g.tensor(`grad(${weight.name}) in ${chunks}`, [chunks, cols]);
    const outputs4 = chunks * cols4;
    g.record(
      weightKernel,
      { x, stats: statistics(), dy, dweight: parts },
      { rows, cols4, chunk: CHUNK, outputs4 },
      { workgroups: laneGrid(weightKernel, outputs4) },
    );
    return sumRows(g, parts, weight.shape, { before, name: `grad(${weight.name})` });
  });
  g.accumulate(bias, (before) => sumRows(g, dy, bias.shape, { before, name: `grad(${bias.name})` }));
}
