import { attentionRelpos as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expectShape, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';
import { type WindowAttentionOptions, type WindowCall, windowAttention } from './window-attention.ts';

/** Attention within windows, with relative positions: see attention-relpos-grad.ts. */
export const ATTENTION_RELPOS: DifferentiableOp<
  WindowCall & { readonly relH: Tensor; readonly relW: Tensor }
> = { name: 'attentionRelpos' };

export interface AttentionRelposOptions extends WindowAttentionOptions {
  /** Decomposed relative positions, shared by the heads: [2 window height - 1, headDim]; row i is distance i - (height - 1). */
  readonly relH: Tensor;
  /** [2 window width - 1, headDim] */
  readonly relW: Tensor;
}

/**
 * `softmax(q kᵀ / sqrt(headDim) + q relHᵀ + q relWᵀ) v` by heads and windows, with SAM's decomposed relative positions
 * (image_encoder.py, `add_decomposed_rel_pos`): no score and no bias in memory.
 *
 * @returns [rows of q, heads * headDim]
 * @throws ShapeError where rows, columns, windows or tables do not fit together.
 */
export function attentionRelpos(
  g: Graph,
  q: Columns,
  k: Columns,
  v: Columns,
  options: AttentionRelposOptions,
): Tensor {
  const { relH, relW, headDim, window } = options;
  expectShape('attentionRelpos', relH, [2 * window[0] - 1, headDim]);
  expectShape('attentionRelpos', relW, [2 * window[1] - 1, headDim]);
  const termFlops = 2 * (window[0] + window[1]) * headDim;
  const common = windowAttention('attentionRelpos', g, q, k, v, options, termFlops);
  const { y, operands, params } = common;
  const tuning = { ...common.tuning, WINDOW_WIDTH: window[1] };
  for (const { first, workgroups, flops } of common.ranges)
    g.record(
      kernel,
      { ...operands, rel_h: relH, rel_w: relW },
      { ...params, first_head: first },
      { workgroups, tuning, flops },
    );
  const frozen = [options.pad?.tensor, relH, relW];
  g.note(ATTENTION_RELPOS, { ...common, q, k, v, relH, relW, frozen }, y, [
    q.tensor,
    k.tensor,
    v.tensor,
    ...frozen,
  ]);
  return y;
}
