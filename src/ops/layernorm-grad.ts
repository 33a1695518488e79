import {
  layernormGradSplit as gradSplit,
  layernormStats as statsKernel,
  layernormStatsSplit as statsSplit,
  layernormGradWeight as weightKernel,
  layernormGradWeightSplit as weightSplit,
  layernormGradX as xKernel,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { columnsOf, rowsOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { LAYERNORM } from './layernorm.ts';
import { splitRow } from './split-row.ts';
import { splitSum } from './split-sum.ts';
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
  const params = { rows, cols4, eps };
  const shared = g.traits.cpu ? undefined : splitRow(rows, cols4);
  let known: Tensor | undefined;
  const statistics = () => {
    if (known) return known;
    known = g.tensor(`stats(${x.name})`, [rows, 2]);
    if (shared) g.record(statsSplit, { x, stats: known }, params, shared);
    else g.record(statsKernel, { x, stats: known }, params, { workgroups: laneGrid(statsKernel, rows) });
    return known;
  };
  toX((sum) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const operands = { x, weight, dy, before: sum ?? dy, dx };
    const ADD = sum ? 1 : 0;
    if (shared) {
      // A GPU has the statistics by the way, for the weight's gradient.
      known = g.tensor(`stats(${x.name})`, [rows, 2]);
      const { workgroups, tuning } = shared;
      g.record(gradSplit, { ...operands, stats: known }, params, { workgroups, tuning: { ...tuning, ADD } });
      return dx;
    }
    const options = { workgroups: laneGrid(xKernel, rows), tuning: { ADD } };
    g.record(xKernel, { ...operands, stats: statistics() }, { rows, cols4 }, options);
    return dx;
  });
  g.accumulate(weight, (before) => {
    const name = `grad(${weight.name})`;
    const split = g.traits.cpu ? undefined : splitSum(rows, cols4);
    const { chunk, chunks } = split ?? { chunk: CHUNK, chunks: Math.ceil(rows / CHUNK) };
    const whole = split !== undefined && chunks === 1;
    const dweight = whole ? g.tensor(name, weight.shape) : g.tensor(`${name} in ${chunks}`, [chunks, cols]);
    const operands = { x, stats: statistics(), dy, dweight };
    if (split) {
      const { workgroups, COLS4 } = split;
      const tuning = { COLS4, ADD: whole && before ? 1 : 0 };
      const added = { ...operands, before: (whole && before) || dy };
      g.record(weightSplit, added, { rows, cols4, chunk }, { workgroups, tuning });
      if (whole) return dweight;
    } else {
      const outputs4 = chunks * cols4;
      const workgroups = laneGrid(weightKernel, outputs4);
      g.record(weightKernel, operands, { rows, cols4, chunk, outputs4 }, { workgroups });
    }
    return sumRows(g, dweight, weight.shape, { before, name });
  });
  g.accumulate(bias, (before) => sumRows(g, dy, bias.shape, { before, name: `grad(${bias.name})` }));
}
