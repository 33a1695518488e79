import { tokenSelfAttention as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, expectShape, rowsOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { tokenChannels, tokenGroups } from './token-rows.ts';

/** What goes into `tokenSelfAttention`, all of [tokens, channels] but for what says otherwise. */
export interface TokenSelfAttention {
  /** q, k and v: columns of one tensor [tokens, any], from these on. */
  readonly qkv: { readonly tensor: Tensor; readonly q: number; readonly k: number; readonly v: number };
  readonly heads: number;
  readonly residual?: Tensor;
  readonly position: Tensor;
  /** [channels, channels + channels / 2]: what the attention's result passes, then what makes y. */
  readonly w: Tensor;
  /** Both biases, then the norm's weight and bias. */
  readonly vectors: Tensor;
  readonly eps: number;
}

/**
 * Tokens attend to each other: `x = layernorm(attention w_o + residual)`, and of that the queries of what comes next,
 * `y = (x + position) w_q`.
 *
 * @returns x [tokens, channels] and y [tokens, channels / 2]
 * @throws ShapeError where the shapes do not fit.
 */
export function tokenSelfAttention(
  g: Graph,
  { qkv, heads, residual, position, w, vectors, eps }: TokenSelfAttention,
  { name }: { readonly name: string },
): { readonly x: Tensor; readonly y: Tensor } {
  const channels4 = tokenChannels('tokenSelfAttention', kernel, position);
  const [channels, tokens] = [4 * channels4, rowsOf(position)];
  const headDim = channels / heads;
  const stride = columnsOf(qkv.tensor);
  const starts = [qkv.q, qkv.k, qkv.v];
  expect(
    headDim % 4 === 0 && starts.every((start) => start % 4 === 0 && start + channels <= stride),
    'tokenSelfAttention',
    () => `${heads} heads at columns ${starts} of '${qkv.tensor.name}' [${qkv.tensor.shape}] do not fit`,
  );
  expectShape('tokenSelfAttention', qkv.tensor, [tokens, stride]);
  expectShape('tokenSelfAttention', w, [channels, 1.5 * channels]);
  expectShape('tokenSelfAttention', vectors, [3.5 * channels]);
  if (residual) expectShape('tokenSelfAttention', residual, [tokens, channels]);
  const x = g.tensor(`${name}.x`, [tokens, channels]);
  const y = g.tensor(name, [tokens, channels / 2]);
  g.record(
    storedAs(kernel, storageOf(w)),
    { qkv: qkv.tensor, residual: residual ?? position, position, w, scale: w.scale ?? w, vectors, x, y },
    {
      tokens,
      stride: stride / 4,
      q_start: qkv.q / 4,
      k_start: qkv.k / 4,
      v_start: qkv.v / 4,
      bare: residual ? 0 : 1,
      eps,
      factor: 1 / Math.sqrt(headDim),
    },
    {
      workgroups: [tokenGroups(kernel, tokens), 1, 1],
      tuning: { CHANNELS4: channels4, HEAD4: headDim / 4, SCALED: w.scale ? 1 : 0 },
      flops: tokens * channels * (4 * tokens + 3 * channels),
    },
  );
  return { x, y };
}
