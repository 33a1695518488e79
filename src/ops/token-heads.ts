import { tokenHeads as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, expectShape, storageOf, type Tensor } from '../graph/tensor.ts';
import { type Look, lookParams } from './image-attention.ts';
import { tokenChannels } from './token-rows.ts';

/** What goes into `tokenHeads`. */
export interface TokenHeads {
  readonly look: Look;
  /** [tokens, channels] */
  readonly residual: Tensor;
  /** [inner, channels]: what the look's values pass. */
  readonly wOut: Tensor;
  /** [MLPs, channels, 2 channels + out]: three layers side by side, of each mask, then of their estimates, then of the score. */
  readonly w: Tensor;
  /** Bias of `wOut`, the norm's weight and bias, the score's last layer, and the biases of all heads as in `w`. */
  readonly vectors: Tensor;
  readonly masks: number;
  /** From tokens 0 on: a token for the score unless `none`, one for the estimates, one a mask. */
  readonly score: 'none' | 'linear' | 'mlp';
  /** Whether the estimates pass one. */
  readonly sigmoid: boolean;
  readonly eps: number;
}

/**
 * What tokens say at last: each passes `layernorm(look w_o + residual)` and an MLP of its own, a workgroup each.
 *
 * @returns [heads, out]: each mask's vector, then the estimates, then the score, both padded
 * @throws ShapeError where the shapes do not fit.
 */
export function tokenHeads(g: Graph, heads: TokenHeads, { name }: { readonly name: string }): Tensor {
  const { look, residual, wOut, w, vectors, masks, score, sigmoid, eps } = heads;
  const channels4 = tokenChannels('tokenHeads', kernel, residual);
  const channels = 4 * channels4;
  const { tokens, chunks, inner4 } = lookParams(look);
  const [mlps = 0, , cols = 0] = w.shape;
  const out4 = (cols - 2 * channels) / 4;
  const count = masks + (score === 'none' ? 1 : 2);
  expectShape('tokenHeads', residual, [tokens, channels]);
  expectShape('tokenHeads', wOut, [4 * inner4, channels]);
  expectShape('tokenHeads', w, [score === 'mlp' ? count : masks + 1, channels, cols]);
  expectShape('tokenHeads', vectors, [4 * channels + count * cols]);
  expect(
    Number.isInteger(Math.log2(out4)) &&
      out4 <= channels4 &&
      inner4 <= channels4 &&
      masks <= 4 * out4 &&
      tokens >= count,
    'tokenHeads',
    () =>
      `${mlps} MLPs of ${4 * out4} outputs for ${tokens} tokens of ${channels}: a power of 2 is expected, and a token a head`,
  );
  const y = g.tensor(name, [count, 4 * out4]);
  g.record(
    storedAs(kernel, storageOf(w)),
    { look: look.tensor, residual, w, scale: w.scale ?? w, w2: wOut, scale2: wOut.scale ?? wOut, vectors, y },
    {
      tokens,
      chunks,
      inner4,
      out4,
      masks,
      first: score === 'none' ? 0 : 1,
      linear: score === 'linear' ? 1 : 0,
      sigmoid: sigmoid ? 1 : 0,
      eps,
    },
    {
      workgroups: [count, 1, 1],
      tuning: { CHANNELS4: channels4, ROWS: 1, HEAD4: look.headDim / 4, SCALED: w.scale ? 1 : 0 },
      flops: 2 * channels * (count * 4 * inner4 + mlps * cols),
    },
  );
  return y;
}
