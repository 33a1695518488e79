import { Graph, type Recording } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { maskDecoder } from '../../models/mask-decoder/mask-decoder.ts';
import type { Dropout, LearnedPrompts } from '../../models/ppn/heads.ts';
import { highResPpn } from '../../models/ppn/high-res.ts';
import { linearPpn } from '../../models/ppn/linear.ts';
import {
  densePosition,
  maskTokens,
  noMask,
  pointTokens,
} from '../../models/prompt-encoder/prompt-encoder.ts';
import { Scope } from '../../nn/scope.ts';
import { addInto } from '../../ops/add-into.ts';
import { concatRows, sliceRows } from '../../ops/copy-rows.ts';
import { dropout } from '../../ops/dropout.ts';
import { addLossTerms, TERM_VALUES } from '../../ops/loss-terms.ts';
import { maskLoss } from '../../ops/mask-loss.ts';
import { boxLoss, objectLoss } from '../../ops/prompt-loss.ts';
import { warp } from '../../ops/warp.ts';
import { ADAMW, adamw, type Part } from '../../optim/adamw.ts';
import type { DatasetConfig } from '../../weights/config.ts';
import { featuresOf, type StageContext } from '../recordings.ts';
import { DERIVATIVES } from './derivatives.ts';

const CHANNELS = 256;

/** A context whose recordings know what is trained. */
export interface TrainingContext extends StageContext {
  /** Whether a tensor of the checkpoint is trained, by its canonical name. */
  readonly trained: (name: string) => boolean;
  readonly dataset: DatasetConfig;
  /** Share of the mask head's channels that a step drops; 0 for none. */
  readonly dropout: number;
}

/** What prompts the decoder in a step: at least one of them. */
export interface PromptDraw {
  /** The prompt predictor's own. */
  readonly learned: boolean;
  /** The true box, after the learned tokens. */
  readonly box: boolean;
  /** The true mask, in place of a learned one. */
  readonly mask: boolean;
}

/**
 * Shares of the terms in the total: `mean(dice, 10 focal) + GIoU + BCE + 100 focal(interim)` (train.py,
 * `Learner.training_step`).
 */
const SHARES = { dice: 0.5, focal: 5, interim: 100 };
const MASK_ALPHA = 0.7;
const INTERIM_ALPHA = 0.6;

/** The name of the buffer where the gradients of a parameter meet. */
export const gradientName = (parameter: string): string => `gradient of ${parameter}`;

/**
 * One picture's share of a step: forward, losses, and gradients added to those of the pictures before. It takes
 * - the picture's features, or `image` where the encoder learns too;
 * - `target.<c>` [S, S] of each class, 0 or 1;
 * - `true_box.<c>` [2, 2] in pixels and `true_mask.<c>` [S/4, S/4] as the draw wants them;
 * - `target_boxes` [classes, 4], as shares of the square;
 * - `supervision` [classes, 4]: what the class counts in the mask losses, in the box loss; the smoothed label of its
 *   object score, and what that counts;
 * - `step_seed` [1] where channels are dropped;
 * and adds to `loss_terms` [8] and to `gradient of <parameter>`.
 */
export function recordTrainingStep(context: TrainingContext, draw: PromptDraw): Recording {
  const { config, dataset, trained, traits } = context;
  const g = new Graph('train', traits, { trained });
  const root = new Scope(g);
  const learnsFeatures = learnsEncoder(context);
  const features = learnsFeatures
    ? context.encoder(root, g.external('image', [config.imageSize, config.imageSize, 4]))
    : featuresOf(g, config);
  const supervision = g.external('supervision', [dataset.classes, 4]);
  const targetBoxes = g.external('target_boxes', [dataset.classes, 4]);
  const terms = g.external('loss_terms', [TERM_VALUES]);

  for (let index = 0; index < dataset.classes; index++) {
    const prompts = draw.learned ? learned(context, root, features, index) : undefined;
    const [stride8, stride4] = features.levels;
    const decoded = maskDecoder(
      root.at('mask_decoder'),
      {
        embedding: features.embedding,
        position: densePosition(root.at('prompt_encoder'), config.imageSize / 16),
        ...(config.decoder.highResolution && stride4 && stride8 ? { stride4, stride8 } : {}),
        ...promptsOf(root, context, draw, index, prompts),
      },
      config.decoder,
      config.lora ? { loraRank: config.lora.rank } : {},
    );
    const side = config.imageSize / 4;
    const logits = sliceRows(g, decoded.masks, 0, side, { shape: [side, side] });
    const target = g.external(`target.${index}`, [config.imageSize, config.imageSize]);
    const of = { classIndex: index };
    const mask = maskLoss(g, logits, target, supervision, {
      ...of,
      alpha: MASK_ALPHA,
      dice: SHARES.dice,
      focal: SHARES.focal,
    });
    const interimLoss = { ...of, alpha: INTERIM_ALPHA, dice: 0, focal: SHARES.interim };
    addLossTerms(g, terms, supervision, {
      ...of,
      mask,
      target,
      shares: SHARES,
      predicted: prompts && {
        interim: maskLoss(g, prompts.interimMask, target, supervision, interimLoss),
        box: boxLoss(g, prompts.box, targetBoxes, supervision, index),
      },
      object: decoded.objectScore && objectLoss(g, decoded.objectScore, supervision, index),
    });
    // Classes meet in the features alone: where those are frozen, one's activations make way for the next one's.
    if (!learnsFeatures) g.backward(DERIVATIVES);
  }

  g.backward(DERIVATIVES);
  const recording = g.finish();
  for (const { tensor } of recording.parameters) {
    const gradient = g.gradientOf(tensor);
    if (gradient) addInto(g, g.external(gradientName(tensor.name), tensor.shape), gradient);
  }
  return recording;
}

/** A step of the optimiser over everything that is trained: `count` values in buffers of these names. */
export function recordOptimiser({ traits }: TrainingContext, count: number, predictor: Part): Recording {
  const g = new Graph('optimise', traits);
  const [weights, gradients, first, second] = STATE_NAMES.map((name) => g.external(name, [count])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const state = { weights, gradients, first, second };
  const losses = g.external('loss_terms', [TERM_VALUES]);
  const schedule = g.external('schedule', [2, 4]);
  g.output(adamw(g, state, losses, schedule, ADAMW, predictor), 'squared_norm');
  return g.finish();
}

/** `image` as the map in `view` [8] shows it: `warped`. */
export function recordWarp({ config, traits }: TrainingContext): Recording {
  const g = new Graph('warp', traits);
  const { imageSize } = config;
  g.output(warp(g, g.external('image', [imageSize, imageSize, 4]), g.external('view', [8])), 'warped');
  return g.finish();
}

/** What the optimiser works on, each in one buffer. */
export const STATE_NAMES = ['trained weights', 'gradients', 'first moments', 'second moments'] as const;

/** Whether gradients flow into the image encoder, so that its features cannot be kept. */
export function learnsEncoder({ config, trained }: TrainingContext): boolean {
  return (config.adapters?.blocks ?? []).some((block) => trained(`${block}.adapter.lin1.weight`));
}

function learned(
  { config, dataset, dropout }: TrainingContext,
  root: Scope,
  { embedding, levels }: ReturnType<typeof featuresOf>,
  index: number,
): LearnedPrompts {
  const g = root.graph;
  const { classes, tokens, name } = dataset;
  const queries = root.tensor(`queries.${name}`, [classes, tokens, CHANNELS], [classes * tokens, CHANNELS]);
  const own = sliceRows(g, queries, index * tokens, tokens);
  const drop = dropout > 0 ? dropping(g, dropout, index) : undefined;
  return config.ppn?.kind === 'high-res'
    ? highResPpn(root, [embedding, ...levels], own, config.imageSize, drop)
    : linearPpn(root, embedding, own, config.imageSize, drop);
}

function dropping(g: Graph, rate: number, classIndex: number): Dropout {
  const seed = g.external('step_seed', [1], 'u32');
  return (x, use) => dropout(g, x, seed, { rate, salt: 2 * classIndex + use });
}

/** Sparse and dense prompts: learned tokens first, the true box after them. */
function promptsOf(
  root: Scope,
  { config }: TrainingContext,
  draw: PromptDraw,
  index: number,
  prompts: LearnedPrompts | undefined,
): { readonly sparse?: Tensor; readonly dense: Tensor } {
  const g = root.graph;
  const encoder = root.at('prompt_encoder');
  const side = config.imageSize / 4;
  const labels = encoder.derived('box_corner_labels', [2], [], () => Float32Array.of(2, 3));
  const box = draw.box
    ? pointTokens(encoder, g.external(`true_box.${index}`, [2, 2]), labels, { imageSize: config.imageSize })
    : undefined;
  const parts = [prompts?.sparse, box].filter((part) => part !== undefined);
  const sparse = parts.length > 1 ? concatRows(g, parts) : parts[0];
  const dense = draw.mask
    ? maskTokens(encoder, g.external(`true_mask.${index}`, [side, side]))
    : (prompts?.dense ?? noMask(encoder));
  return { dense, ...(sparse ? { sparse } : {}) };
}
