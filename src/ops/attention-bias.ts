import { attentionBias as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';
import { type WindowAttentionOptions, windowAttention } from './window-attention.ts';

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
  const { y, operands, params, tuning, ranges } = windowAttention('attentionBias', g, q, k, v, options);
  for (const { first, workgroups, flops } of ranges)
    g.record(
      kernel,
      { ...operands, bias },
      { ...params, window_width: window[1], first_head: first },
      { workgroups, tuning, flops },
    );
  return y;
}
