import { tokenMlp as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, expectShape, storageOf, type Tensor } from '../graph/tensor.ts';
import { type Look, lookParams } from './image-attention.ts';
import { tokenChannels, tokenGroups } from './token-rows.ts';

/** What goes into `tokenMlp`. */
export interface TokenMlp {
  readonly look: Look;
  /** [tokens, channels] */
  readonly residual: Tensor;
  /** [channels, channels + hidden]: what the look's values pass, in the first rows; then the first layer. */
  readonly w: Tensor;
  /** [hidden, channels]: the second layer. */
  readonly w2: Tensor;
  /** [4 channels + hidden]: biases of `w` and `w2`, the norm's weight and bias. */
  readonly vectors: Tensor;
  readonly eps: number;
}

/**
 * `x + relu(x w_1) w_2` of `x = layernorm(look w_o + residual)`, in parts by slices of the hidden axis, so that many
 * workgroups read the weights: whoever reads it sums them.
 *
 * @returns [slices, tokens, channels]
 * @throws ShapeError where the shapes do not fit.
 */
export function tokenMlp(
  g: Graph,
  { look, residual, w, w2, vectors, eps }: TokenMlp,
  { name }: { readonly name: string },
): Tensor {
  const channels4 = tokenChannels('tokenMlp', kernel, residual);
  const channels = 4 * channels4;
  const { tokens, chunks, inner4 } = lookParams(look);
  const [hidden = 0] = w2.shape;
  const SLICE4 = Math.min(kernel.tunables.SLICE4.default, channels4);
  expectShape('tokenMlp', residual, [tokens, channels]);
  expectShape('tokenMlp', w, [channels, channels + hidden]);
  expectShape('tokenMlp', w2, [hidden, channels]);
  expectShape('tokenMlp', vectors, [4 * channels + hidden]);
  expect(
    hidden % (4 * SLICE4) === 0 && inner4 <= channels4,
    'tokenMlp',
    () =>
      `${hidden} hidden values are no multiple of ${4 * SLICE4}, or ${4 * inner4} are more than ${channels}`,
  );
  const slices = hidden / (4 * SLICE4);
  const y = g.tensor(name, [slices, tokens, channels]);
  g.record(
    storedAs(kernel, storageOf(w)),
    {
      look: look.tensor,
      residual,
      w,
      scale: w.scale ?? w,
      w2,
      scale2: w2.scale ?? w2,
      vectors,
      y,
    },
    { tokens, chunks, inner4, hidden4: hidden / 4, eps },
    {
      workgroups: [slices, tokenGroups(kernel, tokens), 1],
      tuning: { CHANNELS4: channels4, HEAD4: look.headDim / 4, SLICE4, SCALED: w.scale ? 1 : 0 },
      flops: 2 * tokens * channels * (4 * inner4 * slices + 2 * hidden),
    },
  );
  return y;
}
