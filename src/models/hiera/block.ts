import { columnsOf, MAX_BINDING_BYTES, rowsOf, type Tensor } from '../../graph/tensor.ts';
import { biasRange, type ChannelRange, linear, linearOutputs, outputRange } from '../../nn/linear.ts';
import { slicedMlp } from '../../nn/mlp.ts';
import { norm } from '../../nn/norm.ts';
import type { Scope } from '../../nn/scope.ts';
import { type AttentionOptions, attention, type Columns } from '../../ops/attention.ts';
import { matmulPool } from '../../ops/matmul-pool.ts';

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
  const shortcut = pool
    ? pooledOutputs(scope.at('proj'), normed, { start: 0, count: channels, of: channels })
    : x;

  const { q, k, v, pad } = project(scope.at('attn.qkv'), normed, channels, pool);
  const map = { map: [side, side], window: [window, window] } as const;
  // The window of a pooled map is half as wide: queries and keys still pair up window by window.
  const halved = { map: [side / 2, side / 2], window: [window / 2, window / 2] } as const;
  const options: AttentionOptions = {
    heads,
    headDim: channels / heads,
    name: scope.key('attn'),
    ...(window > 0 ? { windows: { query: pool ? halved : map, key: map } } : {}),
    ...(pad ? { pad } : {}),
  };
  const attended = attention(g, q, k, v, options);
  const y = linear(scope.at('attn.proj'), attended, channels, { residual: shortcut });
  const hidden = norm(scope.at('norm2'), y, EPS);
  return slicedMlp(scope.at('mlp'), hidden, [4 * channels, channels], { activation: 'gelu', residual: y });
}

/** 2 x 2 max-pooling of some of nn.Linear's outputs: x [side, side, in] to [side / 2, side / 2, count]. */
function pooledOutputs(scope: Scope, x: Tensor, range: ChannelRange): Tensor {
  const { weight, ...epilogue } = outputRange(scope, columnsOf(x), range);
  return matmulPool(scope.graph, x, weight, epilogue);
}

/** Queries, keys and values; tokens are padded after norm1, as zeros, so what padding projects to is the bias. */
interface Projections {
  readonly q: Columns;
  readonly k: Columns;
  readonly v: Columns;
  readonly pad?: Tensor;
}

/**
 * One fused projection, unless q is pooled: then q stands alone, and k and v are apart too where together they would
 * not fit a binding (Hiera large, whose windows tile every map exactly and need no padding).
 */
function project(scope: Scope, x: Tensor, channels: number, pool: boolean): Projections {
  const of = 3 * channels;
  const columns = (start: number, count: number) => linearOutputs(scope, x, { start, count, of });
  if (!pool) {
    const tensor = linear(scope, x, of);
    const part = (start: number) => ({ tensor, start });
    return { q: part(0), k: part(channels), v: part(2 * channels), pad: scope.tensor('bias', [of]) };
  }
  const q = { tensor: pooledOutputs(scope, x, { start: 0, count: channels, of }), start: 0 };
  if (rowsOf(x) * 2 * channels * 4 <= MAX_BINDING_BYTES) {
    const tensor = columns(channels, 2 * channels);
    const pad = biasRange(scope, { start: channels, count: 2 * channels, of });
    return { q, k: { tensor, start: 0 }, v: { tensor, start: channels }, pad };
  }
  const alone = (start: number) => ({ tensor: columns(start, channels), start: 0 });
  return { q, k: alone(channels), v: alone(2 * channels) };
}
