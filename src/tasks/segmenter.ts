import { DeviceLostError, GpuError, PictureError, PromptError } from '../errors.ts';
import type { AdapterSummary, Gpu } from '../gpu/device.ts';
import type { ProfileEntry } from '../gpu/executor.ts';
import type { Precision, WeightStorage } from '../gpu/kernel.ts';
import type { TunedKernels } from '../graph/graph.ts';
import { featureMaps } from '../models/features.ts';
import { resizedShape } from '../ops/resize-tables.ts';
import type { PictureSource } from '../web/picture.ts';
import { readPixels } from '../web/picture.ts';
import { classNamesOf, type ModelConfig } from '../weights/config.ts';
import { untilAborted } from './abort.ts';
import { DISPOSE } from './disposing.ts';
import { type FeatureKey, FeatureShelf } from './features.ts';
import { expectOptions } from './options.ts';
import { predict } from './predict.ts';
import { askQuestion, type PictureScale, type PromptRules, type Question } from './prompts.ts';
import {
  pictureBytes,
  recordEncoder,
  recordImageTerms,
  recordPreprocess,
  recordPromptPredictor,
  type StageContext,
  usesImageTerms,
} from './recordings.ts';
import type { Stages } from './stages.ts';
import type { CallOptions, ImageSession, MemoryReport, Model, Prediction, PredictOptions } from './types.ts';

/** What a segmenter is made from: a device with the weights on it. */
export interface SegmenterParts {
  readonly gpu: Gpu;
  readonly stages: Stages;
  readonly context: StageContext;
  readonly warnings: readonly string[];
}

/** A loaded model. Calls run one after the other, in order: they share buffers. */
export class Segmenter implements Model {
  readonly #parts: SegmenterParts;
  readonly #shelf: FeatureShelf;
  /** Sessions that were dropped without `dispose()` free their features, too. */
  readonly #forgotten = new FinalizationRegistry((features: FeatureKey) => this.#shelf.forget(features));
  #queue: Promise<unknown> = Promise.resolve();
  #lastPrediction: string | undefined;
  #disposed = false;

  constructor(parts: SegmenterParts) {
    this.#parts = parts;
    this.#shelf = new FeatureShelf(
      parts.stages,
      featureMaps(parts.context.config).map(({ name }) => name),
    );
  }

  get config(): ModelConfig {
    return this.#parts.context.config;
  }

  get adapter(): AdapterSummary {
    return this.#parts.gpu.adapter;
  }

  get classes(): readonly string[] {
    return classNamesOf(this.config);
  }

  get storage(): WeightStorage {
    return this.#parts.context.traits.storage ?? 'f32';
  }

  get compute(): Precision {
    return this.#parts.context.traits.compute ?? 'f32';
  }

  get tuned(): TunedKernels {
    return this.#parts.context.traits.tuned ?? {};
  }

  get memory(): MemoryReport {
    const { planned, ...rest } = this.#parts.stages.memory;
    return { ...rest, planned: planned + this.#shelf.bytes };
  }

  get lost(): Promise<DeviceLostError> {
    return this.#parts.gpu.lost;
  }

  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  async setImage(source: PictureSource, options: CallOptions = {}): Promise<ImageSession> {
    expectOptions('setImage', options, PictureError);
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { width, height, pixels } = readPixels(source);
    return this.#exclusive(async () => {
      const { gpu, stages, context } = this.#parts;
      await this.#shelf.stash();
      const size = `${width}x${height}`;
      stages.shrink(pictureBytes(width, height));
      // A failed or cancelled encode leaves half-written features: nobody's.
      gpu.write(stages.buffer('pixels', pixels.byteLength), pixels);
      await stages.run(`preprocess ${size}`, () => recordPreprocess(context, width, height), { signal });
      await stages.run('encode', () => recordEncoder(context), { signal, onProgress });
      // The picture is encoded when this resolves: times are honest, and a click waits for nothing.
      await gpu.finish();
      signal?.throwIfAborted();
      onProgress?.(1);
      const session = new Session(this, width, height);
      this.#shelf.own(session.features);
      this.#forgotten.register(session, session.features, session);
      return session;
    }, signal);
  }

  /** Answers for the features of `session`. */
  async answer(session: Session, question: Question, options: PredictOptions): Promise<Prediction> {
    const { signal } = options;
    return this.#exclusive(async () => {
      const { stages, context } = this.#parts;
      // The longest stage tells how far it is: where the prompt predictor runs, no decode.
      let { onProgress } = options;
      await this.#shelf.restore(session.features);
      const [dataset] = this.config.datasets;
      if (question.mode === 'auto' && dataset && !this.#shelf.prompted) {
        await stages.run('predict prompts', () => recordPromptPredictor(context, dataset), {
          signal,
          onProgress,
        });
        onProgress = undefined;
        this.#shelf.prompted = true;
      }
      const { classes, maskInput } = question;
      if (usesImageTerms({ classes, mask: maskInput !== undefined }) && !this.#shelf.projected) {
        await stages.run('image terms', () => recordImageTerms(context), { signal });
        this.#shelf.projected = true;
      }
      const { prediction, key } = await predict(stages, context, session.scale, question, {
        ...options,
        onProgress,
      });
      this.#lastPrediction = key;
      options.onProgress?.(1);
      return prediction;
    }, signal);
  }

  forget(session: Session): void {
    this.#forgotten.unregister(session);
    this.#shelf.forget(session.features);
  }

  async profile(): Promise<ProfileEntry[]> {
    return this.#exclusive(async () => {
      // What is encoded is the last picture that came, whoever's features are there: afterwards they are nobody's.
      await this.#shelf.stash();
      const entries: ProfileEntry[] = [];
      for (const key of ['encode', 'predict prompts', this.#lastPrediction])
        if (key !== undefined) entries.push(...(await this.#parts.stages.profile(key)));
      return entries;
    });
  }

  /** What may be asked of this model. */
  get rules(): PromptRules {
    const { preprocess, imageSize } = this.config;
    const official = preprocess === 'sam2';
    const order = official ? 'box-first' : 'points-first';
    return { classes: this.classes.length, imageSize, order, stabilityFallback: official };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#parts.gpu.close('this model was disposed; call loadModel for a new one');
    this.#shelf.dispose();
    this.#parts.stages.dispose();
  }

  [DISPOSE](): void {
    this.dispose();
  }

  /** Waits for earlier calls, then runs `work`; a failed call does not stop the next. */
  #exclusive<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { gpu, stages } = this.#parts;
    const result = this.#queue.then(async () => {
      signal?.throwIfAborted();
      gpu.assertAlive();
      try {
        return await gpu.guard(work());
      } catch (error) {
        // What was refused may be a buffer that the next call would use.
        if (error instanceof GpuError) {
          // One refusal brings others, which are not the next call's.
          await gpu.settle().catch(() => {});
          stages.recover(this.#shelf.inUse);
          this.#shelf.forgetDerived();
        }
        throw error;
      }
    });
    this.#queue = result.catch(() => {});
    return untilAborted(result, signal);
  }
}

/** A picture whose features a segmenter holds. */
export class Session implements ImageSession {
  readonly scale: PictureScale;
  readonly features: FeatureKey = {};
  readonly #model: Segmenter;
  #disposed = false;

  constructor(model: Segmenter, width: number, height: number) {
    const { imageSize, preprocess } = model.config;
    const [rows, cols] = resizedShape({ width, height, imageSize, family: preprocess });
    this.#model = model;
    this.scale = { width, height, scaleX: cols / width, scaleY: rows / height };
  }

  get width(): number {
    return this.scale.width;
  }

  get height(): number {
    return this.scale.height;
  }

  async predict(options: PredictOptions = {}): Promise<Prediction> {
    expectOptions('predict', options, PromptError);
    options.signal?.throwIfAborted();
    if (this.#disposed) throw new DeviceLostError('this picture was disposed; call setImage again');
    const question = askQuestion(options, this.#model.rules, this.scale);
    return this.#model.answer(this, question, { ...options });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#model.forget(this);
  }

  [DISPOSE](): void {
    this.dispose();
  }
}
