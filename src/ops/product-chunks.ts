import { matmulJoin as join } from '../generated/kernels.ts';
import type { Choice, Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/** What a product does with its sums before it stores them, as `lib/epilogue.wgsl` is told. */
export type EpilogueTuning = Readonly<Record<'ACTIVATION' | 'SCALED' | 'BIAS' | 'RESIDUAL', number>>;

const NOTHING: EpilogueTuning = { ACTIVATION: 0, SCALED: 0, BIAS: 0, RESIDUAL: 0 };

/**
 * Records a product whose inner axis may be cut into chunks: each leaves its sums, [batch * chunks, rows, cols], and a further
 * kernel adds them up and has the epilogue.
 *
 * @param product records it, onto a tensor and with an epilogue
 */
export function recordInChunks(
  g: Graph,
  {
    chunks = 1,
    batch = 1,
    rows,
    cols,
    residualRows,
    choice,
  }: {
    readonly chunks: number | undefined;
    readonly batch?: number;
    readonly rows: number;
    readonly cols: number;
    readonly residualRows: number;
    readonly choice: Choice;
  },
  operands: Readonly<Record<'scale' | 'bias' | 'residual' | 'y', Tensor>>,
  epilogue: EpilogueTuning,
  product: (y: Tensor, epilogue: EpilogueTuning) => void,
): void {
  const { y } = operands;
  if (chunks === 1) {
    product(y, epilogue);
    return;
  }
  const parts = g.tensor(`${y.name} in ${chunks}`, [batch * chunks, rows, cols]);
  product(parts, NOTHING);
  const cols4 = cols / 4;
  const outputs4 = batch * rows * cols4;
  g.record(
    join,
    { ...operands, parts },
    { outputs4, chunks, rows, cols4, residual_rows: residualRows },
    { workgroups: laneGrid(join, outputs4), tuning: epilogue, choice },
  );
}
