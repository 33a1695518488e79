import type { Source } from '../../graph/parameter.ts';
import { columnsOf, type Tensor } from '../../graph/tensor.ts';
import { DEPTH, EPS, MASKS } from '../../nn/decoder-sizes.ts';
import { concat, type Scope } from '../../nn/scope.ts';
import {
  type LayerColumns,
  linearColumns,
  normVectors,
  placeColumns,
  sideBySide,
  tapColumns,
  vectorsOf,
} from '../../nn/side-by-side.ts';
import { chooseMask } from '../../ops/choose-mask.ts';
import { type PointPrompts, promptTokens } from '../../ops/prompt-tokens.ts';
import type { RatedMasks, SelectMaskOptions } from '../../ops/select-mask.ts';
import { tokenHeads } from '../../ops/token-heads.ts';
import { upscaleMasks } from '../../ops/upscale-masks.ts';
import type { DecoderConfig } from '../../weights/config.ts';
import { fusedTwoWay } from './fused-two-way.ts';
import type { DecoderInput } from './mask-decoder.ts';

/** What a decoder is given, and what it would begin with. */
export interface FusedDecoderInput extends Omit<DecoderInput, 'sparse' | 'dense'> {
  /** All tokens, [n, 256]; or the decoder's own, where there are `points` beside them. */
  readonly tokens: Tensor;
  /** [S/16, S/16, 256]: the embedding with its dense prompt. */
  readonly keys: Tensor;
  readonly points?: PointPrompts & { readonly imageSize: number };
  /** Where the dense prompt is one row of the checkpoint, that: it is added to a bias, and no keys are kept. */
  readonly row?: Source;
}

/** The chosen masks, and what was made on the way. */
export interface FusedDecoderOutput extends RatedMasks {
  /** [1] logit of "there is an object", where the decoder has such a head. */
  readonly objectScore?: Tensor;
  /** The points as they were embedded, [n, 256]. */
  readonly sparse?: Tensor;
}

export type FusedDecoder = typeof fusedDecoder;

/**
 * The mask decoder with the choice of its masks, in some 20 dispatches: what `maskDecoder` and `selectMask` compute,
 * rounding apart. For devices on which a dispatch costs more than its barriers.
 */
export function fusedDecoder(
  scope: Scope,
  input: FusedDecoderInput,
  config: DecoderConfig,
  choice: SelectMaskOptions,
): FusedDecoderOutput {
  const g = scope.graph;
  const scored = config.objectScore !== 'none';
  const { embedding, keys, position, stride4, stride8, points, row } = input;
  const channels = columnsOf(embedding);
  const embedded = points
    ? promptTokens(g, input.tokens, points, { ...points, name: scope.key('tokens') })
    : undefined;
  const tokens = embedded?.tokens ?? input.tokens;

  const upscaling = scope.at('output_upscaling');
  const {
    look,
    tokens: last,
    map,
    upscaled,
  } = fusedTwoWay(
    scope.at('transformer'),
    upscaling.at('0'),
    { tokens, keys, position, ...(row ? { keysOf: { map: embedding, row } } : {}) },
    DEPTH,
  );
  const heads = finalHeads(scope, look, last, config);
  const coarse = channels / 4;
  const conv = tapColumns(upscaling.at('3'), coarse, channels / 8);
  const masks = upscaleMasks(
    g,
    {
      x: { tensor: map, start: upscaled },
      ...(stride4 && stride8 ? { skips: { stride4, stride8 } } : {}),
      w: sideBySide(upscaling.at('3'), 'weight', [conv]),
      vectors: vectorsOf(upscaling, 'norm_and_bias', [...normVectors(upscaling.at('1'), coarse), conv]),
      hyper: heads,
      masks: MASKS,
      eps: 1e-6,
    },
    { name: scope.key('masks') },
  );
  const width = columnsOf(heads);
  const answers = { tensor: heads, iou: MASKS * width, score: scored ? (MASKS + 1) * width : 0 };
  const { score, ...rated } = chooseMask(g, masks, answers, choice);
  return {
    ...rated,
    ...(scored ? { objectScore: score } : {}),
    ...(embedded ? { sparse: embedded.sparse } : {}),
  };
}

/** The tokens' own MLPs after their last look: four hypernetworks, the estimates, the object score. */
function finalHeads(
  scope: Scope,
  look: Parameters<typeof tokenHeads>[1]['look'],
  tokens: Tensor,
  { objectScore, iouSigmoid }: DecoderConfig,
): Tensor {
  const channels = columnsOf(tokens);
  const out = channels / 8;
  const cols = 2 * channels + out;
  const transformer = scope.at('transformer');
  const last = linearColumns(transformer.at('final_attn_token_to_image.out_proj'), channels / 2, channels);
  const mlp = (head: Scope, outputs: number) =>
    [channels, channels, outputs].map((width, i) => linearColumns(head.at(`layers.${i}`), channels, width));
  const score = scope.at('pred_obj_score_head');
  const estimates = mlp(scope.at('iou_prediction_head'), MASKS);
  const heads = [
    ...Array.from({ length: MASKS }, (_, i) => mlp(scope.at(`output_hypernetworks_mlps.${i}`), out)),
    estimates,
    ...(objectScore === 'mlp' ? [mlp(score, 1).slice(0, 2)] : []),
  ];
  const weights = heads.flat().map(({ weight }) => weight);
  const w = scope.matrix('heads.weight', [heads.length, channels, cols], weights, (...values) => {
    const packed = new Float32Array(heads.length * channels * cols);
    heads.forEach((layers, i) => {
      const own = packed.subarray(i * channels * cols, (i + 1) * channels * cols);
      placeColumns(own, cols, layers, values.slice(3 * i));
    });
    return packed;
  });

  // Behind the norm the score's last layer and its bias: a vector is no matrix.
  const final = objectScore === 'mlp' ? score.at('layers.2') : score;
  const scoreSources: Source[] =
    objectScore === 'none' ? [] : [final.source('weight', [1, channels]), final.source('bias', [1])];
  const layers: readonly LayerColumns[] = heads.flat();
  const sources = [
    last.bias,
    ...normVectors(transformer.at('norm_final_attn'), channels),
    ...layers.map(({ bias }) => bias),
    ...scoreSources,
  ];
  const count = MASKS + (objectScore === 'none' ? 1 : 2);
  const vectors = scope.derived('heads.vectors', [4 * channels + count * cols], sources, (...values) => {
    const packed = new Float32Array(4 * channels + count * cols);
    const biases = values.slice(3, 3 + layers.length);
    const [weight = [], bias = []] = values.slice(3 + layers.length);
    packed.set(concat(...values.slice(0, 3)));
    packed.set(weight, 3 * channels);
    biases.forEach((each, i) => {
      packed.set(each, 4 * channels + Math.floor(i / 3) * cols + (i % 3) * channels);
    });
    if (scoreSources.length > 0) packed.set(bias, 4 * channels + (count - 1) * cols + 2 * channels);
    return packed;
  });
  return tokenHeads(
    scope.graph,
    {
      look,
      residual: tokens,
      wOut: sideBySide(transformer.at('final_attn_token_to_image.out_proj'), 'weight', [last]),
      w,
      vectors,
      masks: MASKS,
      score: objectScore,
      sigmoid: iouSigmoid,
      eps: EPS,
    },
    { name: scope.key('heads') },
  );
}
