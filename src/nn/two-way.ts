import type { Tensor } from '../graph/tensor.ts';
import { add } from '../ops/add.ts';
import { attention } from '../ops/attention.ts';
import { EPS, HEADS, HIDDEN } from './decoder-sizes.ts';
import { linear } from './linear.ts';
import { loraLinear } from './lora.ts';
import { mlp } from './mlp.ts';
import { norm } from './norm.ts';
import type { Scope } from './scope.ts';

/** Tokens and image, each with its position: how a position is added is the caller's business. */
export interface TwoWayState {
  /** [tokens, 256] */
  readonly queries: Tensor;
  /** [height, width, 256] */
  readonly keys: Tensor;
}

export interface TwoWayPositions {
  /** [tokens, 256] */
  readonly query: Tensor;
  /** keys plus their position */
  readonly addToKeys: (keys: Tensor) => Tensor;
  /** The keys are many: their sum is made twice, so that it is not kept while the tokens look at them. */
  readonly manyKeys?: boolean;
}

/** What the attentions of a two-way transformer have in common. */
export interface TwoWayOptions {
  /** Rank of the low-rank terms on the q and v projections; 0, the default, where there are none. */
  readonly loraRank?: number;
}

/** Multi-head attention with q, k, v and output projections, `internal` channels wide (SAM's `Attention`). */
export function projectedAttention(
  scope: Scope,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  internal: number,
  { residual, loraRank = 0 }: TwoWayOptions & { readonly residual?: Tensor } = {},
): Tensor {
  const project = (name: string, x: Tensor) => {
    const rank = name === 'k_proj' ? 0 : loraRank;
    return { tensor: loraLinear(scope.at(name), x, internal, rank), start: 0 };
  };
  const attended = attention(scope.graph, project('q_proj', q), project('k_proj', k), project('v_proj', v), {
    heads: HEADS,
    headDim: internal / HEADS,
    name: scope.path,
  });
  const channels = q.shape.at(-1) ?? 0;
  return linear(scope.at('out_proj'), attended, channels, residual ? { residual } : {});
}

/**
 * One block of SAM's two-way transformer (sam/transformer.py, TwoWayAttentionBlock): tokens attend to themselves,
 * then to the image, pass an MLP, and the image attends to the tokens.
 *
 * @param bareFirst the self-attention gets the bare queries and its output replaces them (no position, no residual)
 */
export function twoWayBlock(
  scope: Scope,
  { queries, keys }: TwoWayState,
  positions: TwoWayPositions,
  bareFirst: boolean,
  options: TwoWayOptions = {},
): TwoWayState {
  const g = scope.graph;
  const channels = queries.shape.at(-1) ?? 0;
  const selfAttention = scope.at('self_attn');
  let tokens: Tensor;
  if (bareFirst) tokens = projectedAttention(selfAttention, queries, queries, queries, channels, options);
  else {
    const placed = add(g, queries, positions.query);
    const residual = { ...options, residual: queries };
    tokens = projectedAttention(selfAttention, placed, placed, queries, channels, residual);
  }
  tokens = norm(scope.at('norm1'), tokens, EPS);

  const placedKeys = positions.addToKeys(keys);
  const toImage = scope.at('cross_attn_token_to_image');
  tokens = projectedAttention(toImage, add(g, tokens, positions.query), placedKeys, keys, channels / 2, {
    ...options,
    residual: tokens,
  });
  tokens = norm(scope.at('norm2'), tokens, EPS);

  const widths = [HIDDEN, channels];
  tokens = mlp(scope.at('mlp'), tokens, widths, { activation: 'relu', residual: tokens });
  tokens = norm(scope.at('norm3'), tokens, EPS);

  const toTokens = scope.at('cross_attn_image_to_token');
  const image = projectedAttention(
    toTokens,
    positions.manyKeys ? positions.addToKeys(keys) : placedKeys,
    add(g, tokens, positions.query),
    tokens,
    channels / 2,
    { ...options, residual: keys },
  );
  return { queries: tokens, keys: norm(scope.at('norm4'), image, EPS) };
}

/** The decoder's last look: tokens attend to the image once more. @returns [tokens, 256] */
export function finalTokenAttention(
  scope: Scope,
  { queries, keys }: TwoWayState,
  positions: TwoWayPositions,
  options: TwoWayOptions = {},
): Tensor {
  const g = scope.graph;
  const attend = scope.at('final_attn_token_to_image');
  const channels = queries.shape.at(-1) ?? 0;
  const placed = add(g, queries, positions.query);
  const tokens = projectedAttention(attend, placed, positions.addToKeys(keys), keys, channels / 2, {
    ...options,
    residual: queries,
  });
  return norm(scope.at('norm_final_attn'), tokens, EPS);
}
