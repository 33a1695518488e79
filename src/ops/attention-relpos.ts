import {
  attentionRelposFlash as flash,
  attentionRelpos as single,
  relposTerms as termsKernel,
  attentionRelposTile as tile,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expectShape, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';
import { isFlash, tileGrid, tileVariants } from './attention-tile.ts';
import { chosen } from './variants.ts';
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
  const { y, operands, params, entries } = common;
  const [height4, width4] = [Math.ceil(window[0] / 4), Math.ceil(window[1] / 4)];
  const queries = window[0] * window[1];
  // The tiles walk rows of whole vec4s.
  const size = { queries, keys: window[0] * 4 * width4, head4: headDim / 4, entries };
  const sizeClass = `attention by position ${window} of ${params.height} x ${params.width}, ${params.heads} of ${headDim}`;
  const { variant, choice } = chosen(g.traits, sizeClass, tileVariants(g.traits, size));
  const { shape } = variant;
  const { HEAD4 } = common.tuning;
  for (const { first, workgroups, flops } of common.ranges) {
    const count = workgroups[1];
    const of = { ...params, window_width: window[1], entries, first_head: first };
    if (!shape) {
      const tuning = { ...common.tuning, WINDOW_WIDTH: window[1] };
      g.record(
        single,
        { ...operands, rel_h: relH, rel_w: relW },
        { ...params, first_head: first },
        { workgroups, tuning, flops, choice },
      );
      continue;
    }
    const rows = params.height * params.width;
    const terms = g.tensor(`terms(${y.name}, ${first})`, [rows, count, 4 * (height4 + width4)]);
    const invocations = Math.max(
      params.height * Math.ceil(params.width / 4) * height4,
      params.width * Math.ceil(params.height / 4) * width4,
    );
    const termsFlops = rows * count * termFlops;
    g.record(termsKernel, { q: q.tensor, rel_h: relH, rel_w: relW, terms }, of, {
      workgroups: [Math.ceil(invocations / termsKernel.tunables.LANES.default), count, 2],
      tuning: { HEAD4 },
      flops: termsFlops,
      choice,
    });
    const options = { workgroups: tileGrid(shape, size, count), flops: flops - termsFlops, choice };
    const tuning = { HEAD4, PAD: common.sticksOut ? 1 : 0 };
    if (isFlash(shape))
      g.record(flash, { ...operands, terms }, of, { ...options, tuning: { ...tuning, ...shape } });
    else g.record(tile, { ...operands, terms }, of, { ...options, tuning: { ...tuning, ...shape } });
  }
  const frozen = [options.pad?.tensor, relH, relW];
  g.note(ATTENTION_RELPOS, { ...common, q, k, v, relH, relW, frozen }, y, [
    q.tensor,
    k.tensor,
    v.tensor,
    ...frozen,
  ]);
  return y;
}
