import { Graph, type GraphTraits, type Recording } from '../graph/graph.ts';
import { hoist } from '../graph/hoist.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type FeatureMap, featureMaps, type ImageFeatures } from '../models/features.ts';
import type { FusedDecoder, FusedDecoderOutput } from '../models/mask-decoder/fused.ts';
import { decoderStart, maskDecoder } from '../models/mask-decoder/mask-decoder.ts';
import { highResPpn } from '../models/ppn/high-res.ts';
import { linearPpn } from '../models/ppn/linear.ts';
import {
  densePosition,
  maskTokens,
  noMask,
  noMaskSource,
  pointTables,
  pointTokens,
} from '../models/prompt-encoder/prompt-encoder.ts';
import { MASKS } from '../nn/decoder-sizes.ts';
import { Scope } from '../nn/scope.ts';
import { concatRows, sliceRows } from '../ops/copy-rows.ts';
import { classMap, halveLogits, logitsToPicture, maskOfLogits } from '../ops/postprocess.ts';
import { preprocess } from '../ops/preprocess.ts';
import { selectMask } from '../ops/select-mask.ts';
import type { DatasetConfig, ModelConfig } from '../weights/config.ts';
import type { Encoder } from './encoders.ts';

/** Channels of an image embedding and of every token. */
const CHANNELS = 256;

/**
 * The stages of a model as recordings. They meet by name: what one marks as output `image_embedding`, another
 * declares as external `image_embedding`. Nothing here touches a GPU.
 */
export interface HeadContext {
  readonly config: ModelConfig;
  readonly traits: GraphTraits;
  /** Which tensors of the checkpoint are being trained: what is merged at load otherwise stays apart then. */
  readonly trained?: (name: string) => boolean;
  /** Of `loadDecoder`: the decoder in few dispatches. Without it, each of its ops is one. */
  readonly decoder?: FusedDecoder | undefined;
}

/** With what encodes a picture, besides. */
export interface StageContext extends HeadContext {
  /** Of `loadEncoder` for this config. It takes any image size. */
  readonly encoder: Encoder;
}

/** How the decoder's four masks become the answer. */
export type MaskChoice = 'single' | 'multi' | 'stable';

/** What a click is made of, as far as the recording depends on it. */
export interface DecodeSpec {
  /** Points and box corners that a person gave, with their padding. */
  readonly points: number;
  /** Whether a mask prompt is given; it replaces a learned one. */
  readonly mask: boolean;
  /** Indices of the classes whose learned prompts are used, one answer each; none in manual mode. */
  readonly classes: readonly number[];
  readonly choice: MaskChoice;
}

/** `pixels` [height, width] u32 to `image` [S, S, 4]. */
export function recordPreprocess({ config, traits }: HeadContext, width: number, height: number): Recording {
  const g = new Graph(`preprocess ${width}x${height}`, traits);
  const pixels = g.external('pixels', [height, width], 'u32');
  const picture = { height, width, imageSize: config.imageSize, family: config.preprocess };
  g.output(preprocess(g, pixels, picture), 'image');
  return g.finish();
}

/** `image` to the maps of `featureMaps`. */
export function recordEncoder(context: StageContext): Recording {
  const { config, encoder } = context;
  const g = new Graph('encode', context.traits, context);
  const image = g.external('image', [config.imageSize, config.imageSize, 4]);
  const { embedding, levels } = encoder(new Scope(g), image);
  const [first, ...rest] = featureMaps(config);
  g.output(embedding, first.name);
  rest.forEach(({ name }, i) => {
    const level = levels[i];
    if (level) g.output(level, name);
  });
  return g.finish();
}

/** The features to `sparse.<class>`, `dense.<class>`, `interim_mask.<class>` and `predicted_box.<class>`. */
export function recordPromptPredictor(context: HeadContext, dataset: DatasetConfig): Recording {
  const { config } = context;
  const g = new Graph('predict prompts', context.traits, context);
  const root = new Scope(g);
  const { embedding, levels } = featuresOf(g, config);
  const { classes, tokens, name } = dataset;
  const queries = root.tensor(`queries.${name}`, [classes, tokens, CHANNELS], [classes * tokens, CHANNELS]);
  for (let index = 0; index < classes; index++) {
    const own = sliceRows(g, queries, index * tokens, tokens);
    const prompts =
      config.ppn?.kind === 'high-res'
        ? highResPpn(root, [embedding, ...levels], own, config.imageSize)
        : linearPpn(root, embedding, own, config.imageSize);
    g.output(prompts.sparse, `sparse.${index}`);
    g.output(prompts.dense, `dense.${index}`);
    g.output(prompts.interimMask, `interim_mask.${index}`);
    g.output(prompts.box, `predicted_box.${index}`);
  }
  return g.finish();
}

/** Whether a decode reads what `recordImageTerms` leaves: its dense prompt is then the same for every picture. */
export function usesImageTerms({ mask, classes }: Pick<DecodeSpec, 'mask' | 'classes'>): boolean {
  return !mask && classes.length === 0;
}

/** What clicks on a picture have in common: the decoder's first look at its features. Computed once a picture. */
export function recordImageTerms(context: HeadContext): Recording {
  const click: DecodeSpec = { points: 1, mask: false, classes: [], choice: 'single' };
  return hoistImageTerms(context, recordWholeDecoder(context, click, 0)).once;
}

function hoistImageTerms({ config }: HeadContext, decoder: Recording) {
  const maps = new Set(featureMaps(config).map(({ name }) => name));
  return hoist(decoder, 'image terms', ({ name }) => maps.has(name));
}

/**
 * Features and prompts to `masks` [answers, S/4, S/4], `ious` [answers] and, where the decoder has the head,
 * `object_scores` (one a class). Also `sparse_embeddings.<i>` and `dense_embeddings`, for those who look inside.
 * Reads what `recordImageTerms` left where `usesImageTerms` says so.
 */
export function recordDecoder(context: HeadContext, spec: DecodeSpec, tokens: number): Recording {
  const decoder = recordWholeDecoder(context, spec, tokens);
  return usesImageTerms(spec) ? hoistImageTerms(context, decoder).each : decoder;
}

function recordWholeDecoder(context: HeadContext, spec: DecodeSpec, tokens: number): Recording {
  const { config } = context;
  const g = new Graph('decode', context.traits, context);
  const root = new Scope(g);
  const prompts = root.at('prompt_encoder');
  const { embedding, levels } = featuresOf(g, config);
  const [stride8, stride4] = levels;
  const side = config.imageSize / 16;
  const position = densePosition(prompts, side);
  const points = spec.points > 0 ? manualPoints(g, spec.points) : undefined;
  // Points alone become tokens together with the decoder's own.
  const alone = context.decoder && spec.classes.length === 0;
  const manual =
    points && !alone
      ? pointTokens(prompts, points.coords, points.labels, { imageSize: config.imageSize })
      : undefined;
  const manualDense = spec.mask
    ? g.output(maskTokens(prompts, g.external('mask_input', [4 * side, 4 * side])), 'dense_embeddings')
    : undefined;

  const masks: Tensor[] = [];
  const ious: Tensor[] = [];
  const scores: Tensor[] = [];
  const learned = spec.classes.length > 0 ? spec.classes : [undefined];
  learned.forEach((index, answer) => {
    const own = index === undefined ? undefined : g.external(`sparse.${index}`, [tokens, CHANNELS]);
    const dense =
      index === undefined ? noMask(prompts) : g.external(`dense.${index}`, [side, side, CHANNELS]);
    // Learned tokens first, manual ones after them, as in training.
    const parts = [own, manual].filter((part) => part !== undefined);
    const sparse = parts.length > 1 ? concatRows(g, parts) : parts[0];
    if (sparse && sparse.kind === 'activation') g.output(sparse, `sparse_embeddings.${answer}`);
    const input = {
      embedding,
      position,
      ...(config.decoder.highResolution && stride4 && stride8 ? { stride4, stride8 } : {}),
      ...(sparse ? { sparse } : {}),
      dense: manualDense ?? dense,
    };
    const choice = { mode: spec.choice, delta: 0.05, threshold: 0.98 };
    const keep = ({ objectScore, ...rated }: Pick<FusedDecoderOutput, 'masks' | 'ious' | 'objectScore'>) => {
      masks.push(rated.masks);
      ious.push(rated.ious);
      if (objectScore) scores.push(objectScore);
    };
    const scope = root.at('mask_decoder');
    if (context.decoder) {
      const start = { ...input, ...decoderStart(scope, input, config.decoder) };
      const output = context.decoder(
        scope,
        {
          ...start,
          ...(points && alone
            ? { points: { ...points, ...pointTables(prompts), imageSize: config.imageSize } }
            : {}),
          ...(usesImageTerms(spec) ? { row: noMaskSource(prompts) } : {}),
        },
        config.decoder,
        choice,
      );
      if (output.sparse) g.output(output.sparse, `sparse_embeddings.${answer}`);
      keep(output);
    } else {
      const options = config.lora ? { loraRank: config.lora.rank } : {};
      const output = maskDecoder(scope, input, config.decoder, options);
      keep({ ...output, ...selectMask(g, output.masks, output.ious, choice) });
    }
  });
  g.output(joined(g, masks), 'masks');
  g.output(joined(g, ious), 'ious');
  if (scores.length > 0) g.output(joined(g, scores), 'object_scores');
  return g.finish();
}

/**
 * Recordings that together need every weight and nearly every kernel of the model: what is loaded, compiled and
 * planned before the first picture comes.
 */
export function standardRecordings(context: StageContext): Recording[] {
  const { config } = context;
  const [dataset] = config.ppn ? config.datasets : [];
  const tokens = dataset?.tokens ?? 0;
  const choice = config.preprocess === 'sam2' ? 'stable' : 'single';
  const manual: DecodeSpec = { points: 3, mask: true, classes: [], choice };
  const recordings = [
    recordEncoder(context),
    recordImageTerms(context),
    recordDecoder(context, manual, tokens),
  ];
  if (dataset) {
    const classes = Array.from({ length: dataset.classes }, (_, index) => index);
    const auto: DecodeSpec = { points: 0, mask: false, classes, choice: 'single' };
    recordings.push(recordPromptPredictor(context, dataset), recordDecoder(context, auto, tokens));
  }
  // The fused decoder has a bias of its own where no mask is given.
  if (!dataset || context.decoder)
    recordings.push(recordDecoder(context, { ...manual, mask: false }, tokens));
  return recordings;
}

/** What is wanted of the answers, at the picture's size. */
export interface MaskSpec {
  readonly width: number;
  readonly height: number;
  readonly answers: number;
  /** Whether a mask whose object score is under 0 is blanked. */
  readonly scored: boolean;
  readonly logits: boolean;
  /** Whether the answers are one a class, and a map of their numbers is wanted. */
  readonly classMap: boolean;
}

/**
 * `masks` (and `object_scores`) to `mask.<i>` of each answer, its `statistics` and, if wanted, `logits.<i>` and the
 * `class_map`. One map a buffer, for large pictures.
 */
export function recordMasks({ config }: HeadContext, spec: MaskSpec): Recording {
  const { width, height, answers, scored } = spec;
  const g = new Graph(`masks ${width}x${height}`);
  const side = config.imageSize / 4;
  const logits = g.external('masks', [answers, side, side]);
  const picture = { width, height, imageSize: config.imageSize, family: config.preprocess };
  const options = {
    halves: halveLogits(g, logits, picture),
    ...(scored ? { objectScores: g.external('object_scores', [answers]) } : {}),
  };
  for (let map = 0; map < answers; map++) {
    const { mask, statistics } = maskOfLogits(g, logits, picture, { map, ...options });
    g.output(mask, `mask.${map}`);
    g.output(statistics, `statistics.${map}`);
    if (spec.logits) g.output(logitsToPicture(g, logits, picture, { map, ...options }), `logits.${map}`);
  }
  if (spec.classMap) g.output(classMap(g, logits, picture, options), 'class_map');
  return g.finish();
}

/** Bytes of the buffers whose length is the picture's, by their names without numbers. */
export function pictureBytes(width: number, height: number): Readonly<Record<string, number>> {
  const pixels = width * height;
  return { pixels: 4 * pixels, logits: 4 * pixels, mask: pixels, class_map: pixels };
}

/** Answers of a decode: one a class, or three, or one. */
export function answerCount({ classes, choice }: DecodeSpec): number {
  return Math.max(1, classes.length) * (choice === 'multi' ? MASKS - 1 : 1);
}

/** The maps that an encoder left for the stages after it. */
export function featuresOf(g: Graph, config: ModelConfig): ImageFeatures {
  const map = ({ name, side, channels }: FeatureMap) => g.external(name, [side, side, channels]);
  const [embedding, ...levels] = featureMaps(config);
  return { embedding: map(embedding), levels: levels.map(map) };
}

function manualPoints(g: Graph, points: number) {
  return { coords: g.external('coords', [points, 2]), labels: g.external('labels', [points]) };
}

/** One tensor of all parts; a single part stays as it is, if somebody may bind it. */
function joined(g: Graph, parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  return parts.length === 1 && first?.kind === 'activation' ? first : concatRows(g, parts);
}
