import { CheckpointError, Sam2RadError } from '../../errors.ts';
import { cosineRate } from '../../optim/schedule.ts';
import { convertCheckpoint } from '../../weights/convert.ts';
import { littleEndian } from '../../weights/dtypes.ts';
import { withValues } from '../../weights/extend.ts';
import { openCheckpoint } from '../../weights/open.ts';
import { referenceCheckpoint } from '../../weights/reference-layout.ts';
import type { Checkpoint } from '../../weights/types.ts';
import { writeSafetensors } from '../../weights/write-safetensors.ts';
import { DISPOSE } from '../disposing.ts';
import { shuffled } from '../evaluate/random.ts';
import { checkJob, checkLayout } from './check.ts';
import { drawOf, drawsOf, learnedDraws } from './draws.ts';
import { openTrainingEngine, type TrainingEngine } from './engine.ts';
import type { TrainingExample } from './example.ts';
import type { TrainingEvent, TrainingJob, TrainingRun } from './job.ts';
import { encodePictures, memoryNotes } from './pictures.ts';
import { DROPOUT, trainable } from './setup.ts';
import { readState, stateMetadata } from './state.ts';
import { STREAMS, streamOf } from './streams.ts';
import { diceOfClasses, type ValidationPicture } from './validate.ts';

/** The reference's, as the settings of `setup.ts`. */
const LAST_RATE = 0.1;

/**
 * Prepares a run: base and what shall learn on the GPU, each view of each picture through the encoder once.
 *
 * @throws TrainingSettingsError for settings that cannot be; CheckpointError for a base that is no model or a state of
 * another job; PictureError naming a picture that is not what the job says; UnsupportedError, GpuError as `loadModel`;
 * the signal's reason
 */
export async function openTrainingRun(job: TrainingJob): Promise<TrainingRun> {
  checkJob(job);
  const { settings, signal } = job;
  const open = (argument: 'base' | 'resume', file: Blob) =>
    openCheckpoint(file, { argument, ...(signal && { signal }) });
  const base = await open('base', job.base);
  const checkpoint = trainable(base, job);
  const file = job.resume === undefined ? undefined : await open('resume', job.resume);
  const state = file && readState(file, job);
  const engine = await openTrainingEngine(checkpoint, {
    ...(state ? { tuned: state.tuned } : { tuning: job.tuning }),
    ...(job.device ? { device: job.device } : {}),
    ...(job.gpu ? { gpu: job.gpu } : {}),
    parts: settings.train,
    dropout: DROPOUT,
    draws: drawsOf(settings.train),
    signal,
    onProgress: job.onProgress,
  });
  try {
    const { training, validation } = await encodePictures(job, engine);
    if (file && state) await resume(file, state.steps, engine, job);
    return new Run(job, base, checkpoint, engine, training, validation, state?.notes ?? []);
  } catch (error) {
    engine[DISPOSE]();
    throw error;
  }
}

async function resume(
  { name, tensors }: Checkpoint,
  steps: number,
  { trainer }: TrainingEngine,
  { settings, signal }: TrainingJob,
) {
  const read = async (key: string) => {
    const tensor = tensors.get(key);
    if (!tensor) throw new CheckpointError(`${name} has no tensor '${key}': it is damaged`);
    return tensor.readF32(signal);
  };
  const [weights, first, second] = [await read('weights'), await read('first'), await read('second')];
  await trainer.weights.write({ weights, first, second });
  trainer.steps = steps;
  trainer.predictorSteps = learnedDraws(settings, steps);
}

class Run implements TrainingRun {
  readonly #job: TrainingJob;
  readonly #base: Checkpoint;
  readonly #checkpoint: Checkpoint;
  readonly #engine: TrainingEngine;
  readonly #training: readonly (readonly TrainingExample[])[];
  readonly #validation: readonly ValidationPicture[];
  readonly #notes: readonly string[];
  /** The step that Dice was last measured after. */
  #measuredAt = 0;
  /** Whether an event is on its way. */
  #isAwaited = false;

  constructor(
    job: TrainingJob,
    base: Checkpoint,
    checkpoint: Checkpoint,
    engine: TrainingEngine,
    training: readonly (readonly TrainingExample[])[],
    validation: readonly ValidationPicture[],
    notes: readonly string[],
  ) {
    this.#job = job;
    this.#base = base;
    this.#checkpoint = checkpoint;
    this.#engine = engine;
    this.#training = training;
    this.#validation = validation;
    this.#notes = notes;
  }

  get adapter() {
    return this.#engine.gpu.adapter;
  }

  get tuned() {
    return this.#engine.context.traits.tuned ?? {};
  }

  get warnings() {
    return [...this.#notes, ...this.#engine.notes, ...memoryNotes(this.#job, this.#engine.context)];
  }

  get steps(): number {
    return this.#job.settings.epochs * this.#stepsPerEpoch;
  }

  get done(): number {
    return this.#engine.trainer.steps;
  }

  /** The optimiser moves nothing for gradients that are not finite; only a lost device takes the state with it. */
  get isIntact(): boolean {
    try {
      this.#engine.gpu.assertAlive();
      return true;
    } catch {
      return false;
    }
  }

  async *events(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<TrainingEvent> {
    const own = this.#events(options.signal);
    for (;;) {
      const { done, value } = await this.#alone(() => own.next());
      if (done) return;
      yield value;
    }
  }

  async *#events(signal: AbortSignal | undefined): AsyncGenerator<TrainingEvent, undefined> {
    // First, for the run may have been left, or saved, between an epoch's last step and its measurement.
    yield* this.#measured(signal);
    while (this.done < this.steps) {
      yield await this.#step();
      yield* this.#measured(signal);
    }
  }

  /** Two at once would write their pictures and gradients over each other's. */
  async #alone<T>(next: () => Promise<T>): Promise<T> {
    if (this.#isAwaited)
      throw new Sam2RadError(
        'the training run was asked for an event while another is awaited, expected one iteration of events() at a time; await its event first',
      );
    this.#isAwaited = true;
    try {
      return await next();
    } finally {
      this.#isAwaited = false;
    }
  }

  async *checkpoint(
    metadata: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const own = stateMetadata(this.#job, { steps: this.done, tuned: this.tuned });
    const state = await this.#engine.trainer.weights.read();
    const sources = Object.entries(state).map(([name, values]: [string, Float32Array]) => ({
      name,
      dtype: 'F32' as const,
      shape: [values.length],
      bytes: async () => littleEndian(values),
    }));
    yield* writeSafetensors(sources, { ...metadata, ...own });
  }

  async *model(
    layout: 'canonical' | 'reference',
    metadata: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    checkLayout(layout);
    const { weights } = this.#engine.trainer;
    const learned = weights.unpack((await weights.read()).weights);
    const whole = withValues(this.#checkpoint, learned, metadata);
    if (layout === 'reference') yield* referenceCheckpoint(whole, { base: this.#base });
    else yield* convertCheckpoint(whole, { dtype: 'f32', metadata });
  }

  dispose(): void {
    this.#engine[DISPOSE]();
  }

  [DISPOSE](): void {
    this.dispose();
  }

  get #stepsPerEpoch(): number {
    return Math.ceil(this.#training.length / this.#job.settings.batch);
  }

  async #step(): Promise<TrainingEvent> {
    const { batch, clip, epochs, learningRate, seed } = this.#job.settings;
    const step = this.done;
    const epoch = Math.floor(step / this.#stepsPerEpoch);
    const order = streamOf(seed, STREAMS.order, epoch);
    // Each picture once an epoch, by one of its views.
    const pictures = shuffled(this.#training, order).map(
      (views) => views[Math.floor(order() * views.length)] as TrainingExample,
    );
    const first = (step % this.#stepsPerEpoch) * batch;
    const rate = cosineRate(epoch, epochs, learningRate, learningRate * LAST_RATE);
    const { losses, gradientNorm } = await this.#engine.trainer.step(pictures.slice(first, first + batch), {
      draw: drawOf(this.#job.settings, step),
      rate,
      ...(clip !== null && { clip }),
      seed: Math.floor(streamOf(seed, STREAMS.dropout, step)() * 2 ** 32),
    });
    return {
      ...{ kind: 'step', step: this.done, epoch: epoch + 1, losses, learningRate: rate },
      gradientNorm: Number.isFinite(gradientNorm) ? gradientNorm : null,
    };
  }

  async *#measured(signal?: AbortSignal): AsyncGenerator<TrainingEvent> {
    if (this.done % this.#stepsPerEpoch !== 0 || this.done === this.#measuredAt) return;
    const { epochs } = this.#job.settings;
    const epoch = this.done / this.#stepsPerEpoch;
    const every = this.#job.validateEvery ?? Math.max(1, Math.round(epochs / 20));
    if (this.#validation.length === 0 || (epoch % every !== 0 && epoch !== epochs)) return;
    const dice = await diceOfClasses(this.#engine, this.#validation, signal);
    this.#measuredAt = this.done;
    yield { kind: 'validation', step: this.done, epoch, dice };
  }
}
