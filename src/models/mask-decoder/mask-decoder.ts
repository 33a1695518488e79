import { columnsOf, type Tensor } from '../../graph/tensor.ts';
import { DEPTH, MASKS } from '../../nn/decoder-sizes.ts';
import { convTranspose2x2, linear } from '../../nn/linear.ts';
import { mlp } from '../../nn/mlp.ts';
import { concat, type Scope, transpose } from '../../nn/scope.ts';
import { finalTokenAttention, type TwoWayOptions, type TwoWayState, twoWayBlock } from '../../nn/two-way.ts';
import { add } from '../../ops/add.ts';
import { concatRows, sliceRows } from '../../ops/copy-rows.ts';
import { dotRows } from '../../ops/dot-rows.ts';
import { maskDot } from '../../ops/mask-dot.ts';
import { matmul } from '../../ops/matmul.ts';
import { upscaleNormGelu } from '../../ops/upscale-norm-gelu.ts';
import type { DecoderConfig } from '../../weights/config.ts';

/** What a decoder is given; maps are [height, width, channels]. */
export interface DecoderInput {
  /** [S/16, S/16, 256] */
  readonly embedding: Tensor;
  /** The image's positions, [(S/16)², 256]. */
  readonly position: Tensor;
  /** High-resolution features [S/4, S/4, 32] and [S/8, S/8, 64], where the decoder takes them. */
  readonly stride4?: Tensor;
  readonly stride8?: Tensor;
  /** Sparse prompts [n, 256]; none where there are only dense ones. */
  readonly sparse?: Tensor;
  /** Dense prompt: [S/16, S/16, 256], or one row [1, 256] for every token. */
  readonly dense: Tensor;
}

export interface DecoderOutput {
  /** [4, S/4, S/4] logits: mask 0 is the single answer. */
  readonly masks: Tensor;
  /** [4] estimates of each mask's IoU. */
  readonly ious: Tensor;
  /** [1] logit of "there is an object", where the decoder has such a head. */
  readonly objectScore?: Tensor;
}

/** SAM's mask decoder (sam/mask_decoder.py, `predict_masks`). */
export function maskDecoder(
  scope: Scope,
  input: DecoderInput,
  config: DecoderConfig,
  options: TwoWayOptions = {},
): DecoderOutput {
  const g = scope.graph;
  const scored = config.objectScore !== 'none';
  const { tokens, keys } = decoderStart(scope, input, config);

  const positions = { query: tokens, addToKeys: (keys: Tensor) => add(g, keys, input.position) };
  const transformer = scope.at('transformer');
  let state: TwoWayState = { queries: tokens, keys };
  for (let layer = 0; layer < DEPTH; layer++)
    state = twoWayBlock(transformer.at(`layers.${layer}`), state, positions, layer === 0, options);
  const answers = finalTokenAttention(transformer, state, positions, options);

  const first = scored ? 1 : 0;
  const iouToken = sliceRows(g, answers, first, 1);
  const maskRows = sliceRows(g, answers, first + 1, MASKS);
  const ious = mlp(scope.at('iou_prediction_head'), iouToken, [256, 256, MASKS], {
    activation: 'relu',
    output: config.iouSigmoid ? 'sigmoid' : 'none',
  });
  const masks = upscale(scope, state.keys, hypernetworks(scope, maskRows), input);
  if (!scored) return { masks, ious };
  return { masks, ious, objectScore: objectScore(scope, sliceRows(g, answers, 0, 1), config) };
}

/** What the transformer begins with: all tokens [n, 256], and the embedding with its dense prompt. */
export function decoderStart(
  scope: Scope,
  { embedding, sparse, dense }: DecoderInput,
  { objectScore }: DecoderConfig,
): { readonly tokens: Tensor; readonly keys: Tensor } {
  const g = scope.graph;
  const own = ownTokens(scope, objectScore !== 'none', columnsOf(embedding));
  const tokens = sparse ? concatRows(g, [own, sparse], { name: scope.key('tokens') }) : own;
  return { tokens, keys: add(g, embedding, dense) };
}

/** The decoder's own tokens, in order: object score (if any), IoU, four masks. */
function ownTokens(scope: Scope, scored: boolean, channels: number): Tensor {
  const names = [...(scored ? ['obj_score_token'] : []), 'iou_token', 'mask_tokens'];
  const sources = names.map((name) =>
    scope.source(`${name}.weight`, [name === 'mask_tokens' ? MASKS : 1, channels]),
  );
  // Where some of them are trained, each is a parameter of its own.
  if (sources.some((source) => scope.graph.trains([source])))
    return concatRows(
      scope.graph,
      names.map((name, i) => scope.tensor(`${name}.weight`, sources[i]?.shape ?? [])),
      { name: scope.key('own_tokens') },
    );
  return scope.derived('own_tokens', [names.length - 1 + MASKS, channels], sources, concat);
}

/** Four MLPs of three layers, one a mask token, as batched products of one row: [4, 256] to [4, 32]. */
function hypernetworks(scope: Scope, tokens: Tensor): Tensor {
  const channels = columnsOf(tokens);
  const widths = [channels, channels, channels / 8];
  return widths.reduce((x, width, layer) => {
    const inner = columnsOf(x);
    const each = (name: string, shape: readonly number[]) =>
      Array.from({ length: MASKS }, (_, i) =>
        scope.source(`output_hypernetworks_mlps.${i}.layers.${layer}.${name}`, shape),
      );
    const name = `output_hypernetworks_mlps.layers.${layer}`;
    const weight = scope.matrix(
      `${name}.weight`,
      [MASKS, inner, width],
      each('weight', [width, inner]),
      (...weights) => concat(...weights.map((values) => transpose(values, width, inner))),
    );
    const bias = scope.derived(`${name}.bias`, [MASKS, width], each('bias', [width]), concat);
    const activation = layer < widths.length - 1 ? 'relu' : 'none';
    return matmul(scope.graph, x, weight, { bias, activation, name: scope.key(name) });
  }, tokens);
}

/** Two transposed convolutions to S/4, then the dot product with each mask's vector. */
function upscale(scope: Scope, keys: Tensor, hyper: Tensor, { stride4, stride8 }: DecoderInput): Tensor {
  const g = scope.graph;
  const convs = scope.at('output_upscaling');
  const [coarse, fine] = [columnsOf(keys) / 4, columnsOf(keys) / 8];
  const [weight, bias] = [convs.tensor('1.weight', [coarse]), convs.tensor('1.bias', [coarse])];
  const shuffled = convTranspose2x2(convs.at('0'), keys, coarse);
  const normed = upscaleNormGelu(g, shuffled, stride8, weight, bias, { eps: 1e-6 });
  return maskDot(g, convTranspose2x2(convs.at('3'), normed, fine), stride4, hyper);
}

function objectScore(scope: Scope, token: Tensor, config: DecoderConfig): Tensor {
  const head = scope.at('pred_obj_score_head');
  const channels = columnsOf(token);
  const dot = (last: Scope, x: Tensor) =>
    dotRows(scope.graph, x, last.tensor('weight', [1, channels], [channels]), last.tensor('bias', [1]));
  if (config.objectScore === 'linear') return dot(head, token);
  const hidden = ['layers.0', 'layers.1'].reduce(
    (x, layer) => linear(head.at(layer), x, channels, { activation: 'relu' }),
    token,
  );
  return dot(head.at('layers.2'), hidden);
}
