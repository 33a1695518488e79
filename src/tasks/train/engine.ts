import { Gpu, requestDevice } from '../../gpu/device.ts';
import { readBuffers } from '../../gpu/readback.ts';
import type { GraphTraits } from '../../graph/graph.ts';
import { featureMaps } from '../../models/features.ts';
import { resizedShape } from '../../ops/resize-tables.ts';
import type { PictureSource } from '../../web/picture.ts';
import { readPixels } from '../../web/picture.ts';
import { canonicalTensors } from '../../weights/canonical-tensors.ts';
import type { ModelDescription } from '../../weights/description.ts';
import type { Checkpoint } from '../../weights/types.ts';
import { DISPOSE } from '../disposing.ts';
import { recordEncoder, recordPreprocess } from '../recordings.ts';
import { Stages } from '../stages.ts';
import { tunedFor } from '../tuned-for.ts';
import type { TuningOptions } from '../types.ts';
import type { TrainingProgress } from './job.ts';
import { learnsEncoder, type PromptDraw, recordWarp, type TrainingContext } from './recordings.ts';
import { trainingRecordings, trainingSetup } from './setup.ts';
import type { TrainedParts } from './trained.ts';
import { Trainer } from './trainer.ts';
import type { View } from './view.ts';

export interface TrainingEngineOptions extends TuningOptions {
  readonly device?: GPUDevice | undefined;
  readonly gpu?: GPU | undefined;
  readonly parts: TrainedParts;
  /** Share of the mask head's channels that a step drops. */
  readonly dropout: number;
  /** Draws that will come: their weights are loaded and their kernels compiled at once. */
  readonly draws: readonly PromptDraw[];
  /** Cancels opening. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** A model on the GPU whose trained part can be stepped. */
export interface TrainingEngine extends Disposable {
  readonly gpu: Gpu;
  readonly stages: Stages;
  readonly context: TrainingContext;
  readonly description: ModelDescription;
  readonly trainer: Trainer;
  /** What a person should know of the tuning. */
  readonly notes: readonly string[];
  /** What the encoder makes of a picture, for `TrainingExample.inputs`: to be computed once and kept. */
  encode(
    picture: PictureSource,
    options?: { readonly view?: View; readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array<ArrayBuffer>[]>;
}

/**
 * Puts a checkpoint with a prompt predictor (`withPromptPredictor` adds one) on the GPU, ready to be trained.
 *
 * @throws CheckpointError for one without prompt predictor or queries; UnsupportedError and GpuError as `loadModel` does
 */
export async function openTrainingEngine(
  checkpoint: Checkpoint,
  options: TrainingEngineOptions,
): Promise<TrainingEngine> {
  const { parts, dropout, draws, signal, onProgress } = options;
  const { description, contextFor } = await trainingSetup(checkpoint, { parts, dropout });
  const gpu = options.device ? new Gpu(options.device) : await requestDevice(options);
  const stages = new Stages(gpu);
  const usual = contextFor(gpu.traits);
  let trainer: Trainer | undefined;
  try {
    const recorded = (context: TrainingContext) => trainingRecordings(context, draws);
    // Whole, however long it takes: what is left to the next run would give the same seed other bits there.
    const { tuned, notes } = await tunedFor(
      gpu,
      usual.traits,
      (traits: GraphTraits) => recorded({ ...usual, traits }),
      {
        ...options,
        budget: Number.POSITIVE_INFINITY,
        onProgress: (loaded, total) => onProgress?.({ stage: 'tune', loaded, total }),
      },
    );
    const context = { ...usual, traits: { ...usual.traits, tuned } };
    const recordings = recorded(context);
    trainer = new Trainer(stages, context);
    const frozen = recordings
      .flatMap(({ parameters }) => parameters)
      .filter(({ sources }) => !sources.some(({ key }) => context.trained(key)));
    const tensors = canonicalTensors(checkpoint, description);
    // Nothing may throw between what is begun and what waits for it: a compilation that fails would be nobody's.
    await Promise.all([
      stages.compileKernels(recordings),
      stages.parameters.load(frozen, tensors, { signal }),
    ]);
    await trainer.load(tensors, signal);
    // The planned peak: stage after stage the pool would grow beyond it, and fail late.
    await stages.reserve(recordings);
    return new Engine(gpu, stages, context, description, trainer, notes);
  } catch (error) {
    gpu.close('the training could not be prepared');
    trainer?.dispose();
    stages.dispose();
    throw error;
  }
}

class Engine implements TrainingEngine {
  readonly gpu: Gpu;
  readonly stages: Stages;
  readonly context: TrainingContext;
  readonly description: ModelDescription;
  readonly trainer: Trainer;
  readonly notes: readonly string[];

  constructor(
    gpu: Gpu,
    stages: Stages,
    context: TrainingContext,
    description: ModelDescription,
    trainer: Trainer,
    notes: readonly string[],
  ) {
    this.gpu = gpu;
    this.stages = stages;
    this.context = context;
    this.description = description;
    this.trainer = trainer;
    this.notes = notes;
  }

  async encode(
    picture: PictureSource,
    { view, signal }: { readonly view?: View; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array<ArrayBuffer>[]> {
    const { gpu, stages, context } = this;
    const { width, height, pixels } = readPixels(picture);
    gpu.write(stages.buffer('pixels', pixels.byteLength), pixels);
    await stages.run(`preprocess ${width}x${height}`, () => recordPreprocess(context, width, height), {
      signal,
    });
    const { imageSize: side, preprocess: family } = context.config;
    if (view) {
      const [rows, cols] = resizedShape({ width, height, imageSize: side, family });
      const { a, b, c, d, shiftX, shiftY } = view;
      gpu.write(stages.buffer('view', 32), Float32Array.of(a, b, c, d, shiftX, shiftY, cols, rows));
      await stages.run('warp', () => recordWarp(context), { signal });
      gpu.copy([[stages.buffer('warped', 0), stages.buffer('image', 0)]]);
    }
    if (learnsEncoder(context)) return this.#read([{ name: 'image', values: 4 * side * side }]);
    await stages.run('encode', () => recordEncoder(context), { signal });
    const maps = featureMaps(context.config);
    return this.#read(maps.map((map) => ({ name: map.name, values: map.side ** 2 * map.channels })));
  }

  async #read(what: readonly { readonly name: string; readonly values: number }[]) {
    const ranges = what.map(({ name, values }) => ({
      buffer: this.stages.buffer(name, 4 * values),
      bytes: 4 * values,
    }));
    return (await readBuffers(this.gpu, ranges)).map((bytes) => new Float32Array(bytes));
  }

  [DISPOSE](): void {
    this.gpu.close('the training has ended');
    this.trainer.dispose();
    this.stages.dispose();
  }
}
