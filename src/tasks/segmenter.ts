import { DeviceLostError } from '../errors.ts';
import type { AdapterSummary, Gpu } from '../gpu/device.ts';
import type { ProfileEntry } from '../gpu/executor.ts';
import { resizedShape } from '../ops/resize-tables.ts';
import type { PictureSource } from '../web/picture.ts';
import { readPixels } from '../web/picture.ts';
import type { ModelConfig } from '../weights/config.ts';
import { FeatureShelf } from './features.ts';
import { predict } from './predict.ts';
import { askQuestion, type PictureScale, type PromptRules, type Question } from './prompts.ts';
import { recordEncoder, recordPreprocess, recordPromptPredictor, type StageContext } from './recordings.ts';
import type { Stages } from './stages.ts';
import type { CallOptions, ImageSession, MemoryReport, Model, Prediction, PredictOptions } from './types.ts';

/** What a segmenter is made from: a device with the weights on it. */
export interface SegmenterParts {
  readonly gpu: Gpu;
  readonly stages: Stages;
  readonly context: StageContext;
  readonly warnings: readonly string[];
  /** Whether `dispose` also destroys the device. */
  readonly ownsDevice: boolean;
}

/** A loaded model. Calls run one after the other, in order: they share buffers. */
export class Segmenter implements Model {
  readonly #parts: SegmenterParts;
  readonly #shelf: FeatureShelf;
  #queue: Promise<unknown> = Promise.resolve();
  #lastPrediction: string | undefined;
  #disposed = false;

  constructor(parts: SegmenterParts) {
    this.#parts = parts;
    this.#shelf = new FeatureShelf(parts.stages);
  }

  get config(): ModelConfig {
    return this.#parts.context.config;
  }

  get adapter(): AdapterSummary {
    return this.#parts.gpu.adapter;
  }

  get classes(): readonly string[] {
    const [dataset] = this.config.datasets;
    if (!dataset || !this.config.ppn) return [];
    return Array.from({ length: dataset.classes }, (_, i) => `${dataset.name} ${i + 1}`);
  }

  get memory(): MemoryReport {
    return this.#parts.stages.memory;
  }

  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  async setImage(source: PictureSource, { signal, onProgress }: CallOptions = {}): Promise<ImageSession> {
    signal?.throwIfAborted();
    const { width, height, pixels } = readPixels(source);
    return this.#exclusive(async () => {
      const { gpu, stages, context } = this.#parts;
      this.#shelf.stash();
      const size = `${width}x${height}`;
      // A failed or cancelled encode leaves half-written features: nobody's.
      gpu.write(stages.buffer('pixels', pixels.byteLength), pixels);
      await stages.run(`preprocess ${size}`, () => recordPreprocess(context, width, height), { signal });
      await stages.run('encode', () => recordEncoder(context), { signal, onProgress });
      const session = new Session(this, width, height);
      this.#shelf.own(session);
      return session;
    });
  }

  /** Answers for the features of `session`. */
  async answer(session: Session, question: Question, options: PredictOptions): Promise<Prediction> {
    return this.#exclusive(async () => {
      const { stages, context } = this.#parts;
      const { signal } = options;
      this.#shelf.restore(session);
      const [dataset] = this.config.datasets;
      if (question.mode === 'auto' && dataset && !this.#shelf.prompted) {
        await stages.run('predict prompts', () => recordPromptPredictor(context, dataset), { signal });
        this.#shelf.prompted = true;
      }
      const { prediction, key } = await predict(stages, context, session.scale, question, options);
      this.#lastPrediction = key;
      return prediction;
    });
  }

  forget(session: Session): void {
    this.#shelf.forget(session);
  }

  async profile(): Promise<ProfileEntry[]> {
    return this.#exclusive(async () => {
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
    this.#shelf.dispose();
    this.#parts.stages.dispose();
    if (this.#parts.ownsDevice) this.#parts.gpu.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Waits for earlier calls, then runs `work`; a failed call does not stop the next. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#disposed) throw new DeviceLostError('this model was disposed; call loadModel for a new one');
      this.#parts.gpu.assertAlive();
      return work();
    });
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** A picture whose features a segmenter holds. */
export class Session implements ImageSession {
  readonly scale: PictureScale;
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
    options.signal?.throwIfAborted();
    if (this.#disposed) throw new DeviceLostError('this picture was disposed; call setImage again');
    const question = askQuestion(options, this.#model.rules, this.scale);
    return this.#model.answer(this, question, options);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#model.forget(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
