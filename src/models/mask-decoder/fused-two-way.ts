import type { Source } from '../../graph/parameter.ts';
import { columnsOf, type Tensor } from '../../graph/tensor.ts';
import { EPS, HEADS, HIDDEN } from '../../nn/decoder-sizes.ts';
import { concat, type Scope } from '../../nn/scope.ts';
import {
  type LayerColumns,
  linearColumns,
  normVectors,
  sideBySide,
  tapColumns,
  vectorsOf,
} from '../../nn/side-by-side.ts';
import { attention } from '../../ops/attention.ts';
import { imageAttention, type Look } from '../../ops/image-attention.ts';
import { matmulNorm } from '../../ops/matmul-norm.ts';
import { matmulPlaced } from '../../ops/matmul-placed.ts';
import { tokenMlp } from '../../ops/token-mlp.ts';
import { tokenProduct } from '../../ops/token-product.ts';
import { tokenSelfAttention } from '../../ops/token-self-attention.ts';

/** What a two-way transformer starts from. */
export interface FusedTwoWayInput {
  /** [tokens, 256]; they are their own positions, too. */
  readonly tokens: Tensor;
  /** [height, width, 256] */
  readonly keys: Tensor;
  /** [height width, 256] */
  readonly position: Tensor;
  /** What the first keys are made of, if that is at hand: a map, and one row [1, 256] added to all of it. */
  readonly keysOf?: { readonly map: Tensor; readonly row: Source };
}

/** What it ends with. */
export interface FusedTwoWayOutput {
  /** The tokens' last look at the image, and what is added to it: [tokens, 256]. */
  readonly look: Look;
  readonly tokens: Tensor;
  /** What the keys project to: the upscaling's first convolution begins at column `upscaled`. */
  readonly map: Tensor;
  readonly upscaled: number;
}

/** The transformer's two blocks and last look (nn/two-way.ts) in few dispatches, for devices where each costs. */
export function fusedTwoWay(
  transformer: Scope,
  upscaling: Scope,
  { tokens, keys: firstKeys, position, keysOf }: FusedTwoWayInput,
  depth: number,
): FusedTwoWayOutput {
  const g = transformer.graph;
  const channels = columnsOf(tokens);
  const internal = channels / 2;
  const heads = { heads: HEADS, headDim: internal / HEADS };
  const layers = Array.from({ length: depth }, (_, i) => transformer.at(`layers.${i}`));
  const last = transformer.at('final_attn_token_to_image');
  const layer = (scope: Scope, name: string, cols: number) =>
    linearColumns(
      scope.at(name),
      name === 'out_proj' ? cols : channels,
      name === 'out_proj' ? channels : cols,
    );
  const three = (scope: Scope) => ['q_proj', 'k_proj', 'v_proj'].map((name) => layer(scope, name, channels));
  const toImage = (scope: Scope) => scope.at('cross_attn_token_to_image');
  const toTokens = (scope: Scope) => scope.at('cross_attn_image_to_token');
  /** Of a map: columns that see its position, then the others. */
  const project = (
    scope: Scope,
    map: Tensor,
    placed: readonly LayerColumns[],
    bare: readonly LayerColumns[],
  ) => {
    const all = [...placed, ...bare];
    return matmulPlaced(g, map, position, sideBySide(scope, 'of_keys.weight', all), {
      bias: vectorsOf(scope, 'of_keys.bias', all),
      placed: placed.reduce((sum, { cols }) => sum + cols, 0),
      name: scope.key('of_keys'),
    });
  };

  const [first = transformer] = layers;
  const firstSelf = three(first.at('self_attn'));
  let { x, y: projected } = tokenProduct(
    g,
    {
      addends: tokens,
      w: sideBySide(first, 'self_attn.qkv.weight', firstSelf),
      vectors: vectorsOf(first, 'self_attn.qkv.bias', firstSelf),
    },
    { name: first.key('self_attn.qkv') },
  );
  let qkv = { q: 0, k: channels, v: 2 * channels };
  let keys = firstKeys;
  layers.forEach((scope, i) => {
    const next = layers[i + 1];
    const map = project(
      scope,
      keys,
      [layer(toImage(scope), 'k_proj', internal), layer(toTokens(scope), 'q_proj', internal)],
      [layer(toImage(scope), 'v_proj', internal)],
    );
    const selfOut = [
      layer(scope.at('self_attn'), 'out_proj', channels),
      layer(toImage(scope), 'q_proj', internal),
    ];
    const own = tokenSelfAttention(
      g,
      {
        qkv: { tensor: projected, ...qkv },
        heads: HEADS,
        ...(i > 0 ? { residual: x } : {}),
        position: tokens,
        w: sideBySide(scope, 'after_self.weight', selfOut),
        vectors: vectorsOf(scope, 'after_self', [...selfOut, ...normVectors(scope.at('norm1'), channels)]),
        eps: EPS,
      },
      { name: scope.key('self_attn') },
    );
    const look = imageAttention(
      g,
      { tensor: own.y, start: 0 },
      { tensor: map, start: 0 },
      { tensor: map, start: 2 * internal },
      { ...heads, name: toImage(scope).path },
    );
    const [up, down] = [
      linearColumns(scope.at('mlp.layers.0'), channels, HIDDEN),
      linearColumns(scope.at('mlp.layers.1'), HIDDEN, channels),
    ];
    const lookOut = [layer(toImage(scope), 'out_proj', internal), up];
    const addends = tokenMlp(
      g,
      {
        look,
        residual: own.x,
        w: sideBySide(scope, 'after_look.weight', lookOut),
        w2: sideBySide(scope.at('mlp.layers.1'), 'weight', [down]),
        vectors: vectorsOf(scope, 'after_look', [
          ...lookOut,
          down,
          ...normVectors(scope.at('norm2'), channels),
        ]),
        eps: EPS,
      },
      { name: scope.key('mlp') },
    );
    const [q, k, v] = next ? three(next.at('self_attn')) : [layer(last, 'q_proj', internal)];
    const placed = [
      layer(toTokens(scope), 'k_proj', internal),
      ...[q, k].filter((each) => each !== undefined),
    ];
    const bare = [layer(toTokens(scope), 'v_proj', internal), ...(v ? [v] : [])];
    const cols = placed.reduce((sum, each) => sum + each.cols, 0);
    const all = [...placed, ...bare];
    ({ x, y: projected } = tokenProduct(
      g,
      {
        addends,
        w: sideBySide(scope, 'of_tokens.weight', all),
        vectors: vectorsOf(scope, 'of_tokens', [...all, ...normVectors(scope.at('norm3'), channels)]),
        eps: EPS,
        placed: { position: tokens, cols },
      },
      { name: scope.key('of_tokens') },
    ));
    qkv = { q: internal, k: internal + channels, v: cols + internal };
    const attended = attention(
      g,
      { tensor: map, start: internal },
      { tensor: projected, start: 0 },
      { tensor: projected, start: cols },
      { ...heads, name: toTokens(scope).path },
    );
    const imageOut = layer(toTokens(scope), 'out_proj', internal);
    const made = i === 0 ? keysOf : undefined;
    keys = matmulNorm(g, attended, sideBySide(toTokens(scope).at('out_proj'), 'weight', [imageOut]), {
      vectors: made
        ? withRow(scope, 'after_tokens', made.row, [
            imageOut.bias,
            ...normVectors(scope.at('norm4'), channels),
          ])
        : vectorsOf(scope, 'after_tokens', [imageOut, ...normVectors(scope.at('norm4'), channels)]),
      residual: made?.map ?? keys,
      eps: EPS,
      name: scope.key('norm4'),
    });
  });

  const map = project(
    transformer,
    keys,
    [layer(last, 'k_proj', internal)],
    [layer(last, 'v_proj', internal), tapColumns(upscaling, channels, channels / 4)],
  );
  const look = imageAttention(
    g,
    { tensor: projected, start: qkv.q },
    { tensor: map, start: 0 },
    { tensor: map, start: internal },
    { ...heads, name: last.path },
  );
  return { look, tokens: x, map, upscaled: 2 * internal };
}

/** Vectors one after the other, with a row of the checkpoint added to the first. */
function withRow(scope: Scope, name: string, row: Source, vectors: readonly Source[]): Tensor {
  const length = vectors.reduce((sum, { shape: [own = 0] }) => sum + own, 0);
  return scope.derived(`${name}+${row.key}`, [length], [row, ...vectors], (added, ...values) => {
    const result = concat(...values);
    added?.forEach((value, i) => {
      result[i] = (result[i] ?? 0) + value;
    });
    return result;
  });
}
