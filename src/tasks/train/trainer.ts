import { GpuError } from '../../errors.ts';
import { readBuffers } from '../../gpu/readback.ts';
import type { Parameter } from '../../graph/parameter.ts';
import { featureMaps } from '../../models/features.ts';
import { TERM_VALUES } from '../../ops/loss-terms.ts';
import { ADAMW, adamwSchedule, type Part } from '../../optim/adamw.ts';
import type { StoredTensor } from '../../weights/types.ts';
import type { Stages } from '../stages.ts';
import { quarterMask, supervisionOf, type TrainingExample, truthOf } from './example.ts';
import {
  learnsEncoder,
  type PromptDraw,
  recordOptimiser,
  recordTrainingStep,
  type TrainingContext,
} from './recordings.ts';
import { isOfPredictor } from './trained.ts';
import { TrainedWeights } from './trained-weights.ts';

/** The loss of a step and its terms, each a mean over what it counts; interim and focal before their factors. */
export interface StepLosses {
  readonly total: number;
  readonly dice: number;
  readonly focal: number;
  readonly object: number;
  readonly box: number;
  readonly interim: number;
}

/**
 * Steps in a row that may move nothing. One batch may overflow; where several do, with the same weights on other
 * pictures, it is the weights, and they will not change.
 */
const MOST_STILL = 3;

/** What a step is made of besides the pictures. */
export interface StepOptions {
  readonly draw: PromptDraw;
  /** The learning rate. */
  readonly rate: number;
  /** The largest norm of the gradients; without it they are taken as they are. */
  readonly clip?: number | undefined;
  /** Chooses the channels that are dropped. */
  readonly seed: number;
}

export interface StepResult {
  readonly losses: StepLosses;
  /** Of all gradients, before clipping. Where it is not finite, the step moved nothing. */
  readonly gradientNorm: number;
}

/** Trains what a context says on the GPU, a picture at a time: memory does not grow with the batch. */
export class Trainer {
  readonly weights: TrainedWeights;
  readonly #stages: Stages;
  readonly #context: TrainingContext;
  readonly #predictor: Part;
  /** Steps so far. */
  steps = 0;
  /** Those of them that the predictor learned in: AdamW's own count of its steps, as PyTorch keeps one a tensor. */
  predictorSteps = 0;
  /** The last of them that moved nothing, in a row. */
  #still = 0;

  /** @param stages with the frozen weights on the GPU */
  constructor(stages: Stages, context: TrainingContext) {
    this.#stages = stages;
    this.#context = context;
    this.weights = new TrainedWeights(stages, trainedParameters(context));
    this.#predictor = this.weights.rangeOf(isOfPredictor);
  }

  /** Puts a checkpoint's values into what is trained. */
  async load(tensors: ReadonlyMap<string, StoredTensor>, signal?: AbortSignal): Promise<void> {
    await this.weights.load(tensors, signal);
  }

  /**
   * One step: the batch's losses and gradients, then the optimiser. A step whose gradients are not finite moves nothing.
   *
   * @throws GpuError for a loss that is not finite, naming the step and the term; for gradients that are not, several
   * steps in a row. The step does not count then.
   */
  async step(batch: readonly TrainingExample[], options: StepOptions): Promise<StepResult> {
    await this.accumulate(batch, options);
    return this.optimise(options);
  }

  /** The batch's losses and gradients, which stay on the GPU. */
  async accumulate(
    batch: readonly TrainingExample[],
    { draw, seed }: Pick<StepOptions, 'draw' | 'seed'>,
  ): Promise<void> {
    const { gpu } = this.#stages;
    const { imageSize } = this.#context.config;
    const { classes } = this.#context.dataset;
    const truths = batch.map(({ labels }) =>
      Array.from({ length: classes }, (_, c) => truthOf(labels, imageSize, c + 1)),
    );
    const supervision = supervisionOf(truths);
    // A batch that failed half-way has left some.
    this.weights.clearGradients();
    this.#write('loss_terms', new Float32Array(TERM_VALUES));
    for (const [i, example] of batch.entries()) {
      const names = this.#inputNames();
      for (const [k, values] of example.inputs.entries()) this.#write(names[k] ?? '', values);
      this.#write('supervision', supervision[i] ?? new Float32Array());
      const boxes = (truths[i] ?? []).map(({ box }) => box);
      this.#write(
        'target_boxes',
        Float32Array.from(boxes.flat(), (value) => value / imageSize),
      );
      this.#write('step_seed', Uint32Array.of((seed + Math.imul(i, 0x9e3779b9)) >>> 0));
      for (const [c, { mask, box }] of (truths[i] ?? []).entries()) {
        this.#write(`target.${c}`, mask);
        if (draw.box) this.#write(`true_box.${c}`, Float32Array.from(box));
        if (draw.mask) this.#write(`true_mask.${c}`, quarterMask(mask, imageSize));
      }
      await this.#stages.run(`train ${JSON.stringify(draw)}`, () => recordTrainingStep(this.#context, draw));
    }
    await gpu.settle();
  }

  /**
   * Moves the weights along the gradients of `accumulate`, and sets these back to 0. What the draw left out rests, as a
   * parameter without gradient does in PyTorch. Losses and norm come back in one read, after the weights have moved.
   * @throws GpuError as `step`
   */
  async optimise({ draw, rate, clip }: Pick<StepOptions, 'draw' | 'rate' | 'clip'>): Promise<StepResult> {
    const before = [this.steps, this.predictorSteps] as const;
    const step = this.steps + 1;
    const predictorSteps = this.predictorSteps + (draw.learned ? 1 : 0);
    const own = adamwSchedule(ADAMW, draw.learned ? predictorSteps : 0, rate, clip);
    this.#write('schedule', Float32Array.of(...adamwSchedule(ADAMW, step, rate, clip), ...own));
    await this.#stages.run('optimise', () =>
      recordOptimiser(this.#context, this.weights.count, this.#predictor),
    );
    await this.#stages.gpu.settle();
    // The device has taken it: the weights are those of this step, whatever becomes of what is read back.
    [this.steps, this.predictorSteps] = [step, predictorSteps];
    const result = await this.#result();
    const still = Number.isFinite(result.gradientNorm) ? 0 : this.#still + 1;
    const wrong = badLoss(result.losses) ?? badGradients(result.gradientNorm, still);
    if (wrong === undefined) {
      this.#still = still;
      return result;
    }
    // Nothing has moved.
    [this.steps, this.predictorSteps] = before;
    throw new GpuError(
      `step ${step}: ${wrong}. The weights are those of step ${this.steps - this.#still}: go on from there with a lower learning rate`,
    );
  }

  dispose(): void {
    this.weights.dispose();
  }

  async #result(): Promise<StepResult> {
    const ranges = Object.entries({ loss_terms: TERM_VALUES, squared_norm: 4 }).map(([name, count]) => ({
      buffer: this.#stages.buffer(name, 4 * count),
      bytes: 4 * count,
    }));
    const values = (await readBuffers(this.#stages.gpu, ranges)).map((bytes) => new Float32Array(bytes));
    const [terms = new Float32Array(), squares = new Float32Array()] = values;
    const [total = 0, dice = 0, focal = 0, object = 0, box = 0, interim = 0] = terms;
    return {
      losses: { total, dice, focal, object, box, interim },
      gradientNorm: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)),
    };
  }

  #inputNames(): string[] {
    if (learnsEncoder(this.#context)) return ['image'];
    return featureMaps(this.#context.config).map(({ name }) => name);
  }

  #write(name: string, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.#stages.gpu.write(this.#stages.buffer(name, values.byteLength), values);
  }
}

/** What is wrong with the losses, if anything is. */
function badLoss(losses: StepLosses): string | undefined {
  const bad = Object.entries(losses).filter(([, value]) => !Number.isFinite(value));
  if (bad.length === 0) return undefined;
  return `the loss is no longer finite (${bad.map(([name, value]) => `${name} is ${value}`).join(', ')})`;
}

/** What is wrong with the gradients, if the last `still` steps in a row moved nothing. */
function badGradients(norm: number, still: number): string | undefined {
  if (still < MOST_STILL) return undefined;
  return `the gradients are not finite (their norm is ${norm}), as in the ${MOST_STILL - 1} steps before it`;
}

/** The parameters of a context that are trained: those of a step with the learned prompts. */
export function trainedParameters(context: TrainingContext): Parameter[] {
  const { parameters } = recordTrainingStep(context, { learned: true, box: false, mask: false });
  return parameters.filter(({ sources }) => sources.some(({ key }) => context.trained(key)));
}
