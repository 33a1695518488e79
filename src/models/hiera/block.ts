import type { Tensor } from '../../graph/tensor.ts';
import { linear } from '../../nn/linear.ts';
import { mlp } from '../../nn/mlp.ts';
import { norm } from '../../nn/norm.ts';
import type { Scope } from '../../nn/scope.ts';
import { type AttentionOptions, attention } from '../../ops/attention.ts';
import { maxPool2x2 } from '../../ops/max-pool2x2.ts';

/** torch.nn.LayerNorm's eps in Hiera. */
const EPS = 1e-6;

export interface BlockConfig {
  /** Channels that leave the block. */
  readonly channels: number;
  readonly heads: number;
  /** Window side in tokens of the map that enters; 0 = global. */
  readonly window: number;
  /** The first block of a later stage halves the map by max-pooling q and the shortcut. */
  readonly pool: boolean;
}

/**
 * One pre-norm block of Hiera (hieradet.py, MultiScaleBlock): x [side, side, channels in] to
 * [side or side/2, same, channels out].
 */
export function hieraBlock(scope: Scope, x: Tensor, { channels, heads, window, pool }: BlockConfig): Tensor {
  const g = scope.graph;
  const side = x.shape[0] ?? 0;
  const normed = norm(scope.at('norm1'), x, EPS);
  const shortcut = pool ? maxPool2x2(g, linear(scope.at('proj'), normed, channels)) : x;

  const qkv = linear(scope.at('attn.qkv'), normed, 3 * channels);
  const pooled = pool ? maxPool2x2(g, qkv, { columns: { start: 0, count: channels } }) : undefined;
  const map = { map: [side, side], window: [window, window] } as const;
  // The window of a pooled map is half as wide: queries and keys still pair up window by window.
  const halved = { map: [side / 2, side / 2], window: [window / 2, window / 2] } as const;
  const options: AttentionOptions = {
    heads,
    headDim: channels / heads,
    name: scope.key('attn'),
    ...(window > 0 ? { windows: { query: pool ? halved : map, key: map } } : {}),
    // Tokens are padded after norm1, as zeros: what they project to is the bias.
    pad: scope.at('attn.qkv').tensor('bias', [3 * channels]),
  };
  const attended = attention(
    g,
    { tensor: pooled ?? qkv, start: 0 },
    { tensor: qkv, start: channels },
    { tensor: qkv, start: 2 * channels },
    options,
  );
  // Columns of a fused qkv hold heads * headDim = channels values, so the map's shape carries over.
  const y = linear(scope.at('attn.proj'), attended, channels, { residual: shortcut });
  const hidden = norm(scope.at('norm2'), y, EPS);
  return mlp(scope.at('mlp'), hidden, [4 * channels, channels], { activation: 'gelu', residual: y });
}
