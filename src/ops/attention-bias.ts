import { attentionBias as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';
import { type WindowAttentionOptions, type WindowCall, windowAttention } from './window-attention.ts';

/** Attention within windows, with a table of biases: see attention-bias-grad.ts. */
export const ATTENTION_BIAS: DifferentiableOp<
  WindowCall & { readonly bias: Tensor; readonly window: readonly [number, number] }
> = { name: 'attentionBias' };

export interface AttentionBiasOptions extends WindowAttentionOptions {
  /** [heads, window height * window width]: what a pair of tokens adds, by how many rows and columns they are apart. */
  readonly bias: Tensor;
}

/**
 * `softmax(q kᵀ / sqrt(headDim) + bias) v` by heads and windows, with TinyViT's table of learned biases
 * (tiny_vit_sam.py, Attention).
 *
 * @returns [rows of q, heads * headDim]
 * @throws ShapeError where rows, columns, windows or table do not fit together.
 */
export function attentionBias(
  g: Graph,
  q: Columns,
  k: Columns,
  v: Columns,
  options: AttentionBiasOptions,
): Tensor {
  const { bias, heads, window } = options;
  expect(
    sizeOf(bias) === heads * window[0] * window[1],
    'attentionBias',
    () => `'${bias.name}' has shape [${bias.shape}], expected [${heads},${window[0] * window[1]}]`,
  );
  const common = windowAttention('attentionBias', g, q, k, v, options);
  const { y, operands, params, tuning, ranges } = common;
  for (const { first, workgroups, flops } of ranges)
    g.record(
      kernel,
      { ...operands, bias },
      { ...params, window_width: window[1], first_head: first },
      { workgroups, tuning, flops },
    );
  const frozen = [options.pad?.tensor, bias];
  g.note(ATTENTION_BIAS, { ...common, q, k, v, bias, window, frozen }, y, [
    q.tensor,
    k.tensor,
    v.tensor,
    ...frozen,
  ]);
  return y;
}
