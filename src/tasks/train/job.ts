import type { AdapterSummary } from '../../gpu/device.ts';
import type { TunedKernels } from '../../graph/graph.ts';
import type { PictureSource } from '../../web/picture.ts';
import type { ModelConfig } from '../../weights/config.ts';
import type { TuningStore } from '../types.ts';
import type { TrainedParts } from './trained.ts';
import type { StepLosses } from './trainer.ts';
import type { Augmentation } from './view.ts';

/** All that decides which numbers come out, beside pictures and base. */
export interface TrainSettings {
  readonly train: TrainedParts;
  /** Learned queries a class. */
  readonly tokens: number;
  /**
   * The standard deviation that queries are drawn with; 1/16, the reference's, unless given. 1 keeps classes apart from
   * the first step on: see `initialValues`.
   */
  readonly queryDeviation?: number | undefined;
  readonly epochs: number;
  /** Pictures a step; the last step of an epoch may have fewer. */
  readonly batch: number;
  /** At the start of the cosine, whose end is a tenth of it. */
  readonly learningRate: number;
  /**
   * The largest norm of a step's gradients, longer ones are shortened to it; null takes them as they are, as the
   * reference does.
   */
  readonly clip: number | null;
  readonly augment: Augmentation;
  readonly preprocess: ModelConfig['preprocess'];
  /** A whole number from 0, below 2^32. */
  readonly seed: number;
}

export interface LabelledPicture {
  readonly picture: PictureSource;
  /** width * height class numbers, 0 is background. */
  readonly classMap: Uint8Array;
}

/**
 * A picture with its true mask, read when its turn comes. What is kept of a set in memory is not the pictures but what
 * the encoder made of each view of them, for the whole run: 17.8 MB a view of SAM2 at S = 1024, a sixteenth of that at
 * S = 256; eight views a picture with full augmentation.
 */
export interface PictureToLearn {
  readonly name: string;
  /** Of the picture as `load` gives it. */
  readonly width: number;
  readonly height: number;
  readonly load: () => Promise<LabelledPicture>;
}

export interface TrainingJob {
  /** Any checkpoint; one with a prompt predictor goes on learning. */
  readonly base: Blob;
  /** Given to the queries: `queries.<datasetName>`. Letters, digits, `_` and `-`. */
  readonly datasetName: string;
  /** In order of the class numbers, from 1. */
  readonly classNames: readonly string[];
  readonly training: readonly PictureToLearn[];
  /** What Dice is measured on. */
  readonly validation: readonly PictureToLearn[];
  readonly settings: TrainSettings;
  /** Epochs between two measurements of Dice, 1 or more; a twentieth of all unless given. The last epoch always has one. */
  readonly validateEvery?: number | undefined;
  /**
   * A file of `TrainingRun.checkpoint` of a run with the same job: its state is taken up. Of the settings, epochs and
   * learning rate alone may be others, which `TrainingRun.warnings` then say; base, class maps and validation are not compared.
   */
  readonly resume?: Blob | undefined;
  readonly device?: GPUDevice | undefined;
  readonly gpu?: GPU | undefined;
  /**
   * Where the fastest kernels of this device are kept; what is missing is timed first. Other kernels round otherwise, so
   * a resumed run computes with those that it began with.
   */
  readonly tuning?: TuningStore | undefined;
  /** Cancels preparation. Afterwards whoever runs it stops between events instead. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** Before the first step: classes of sizes whose kernels are timed, then pictures, each view of them encoded once. */
export interface TrainingProgress {
  readonly stage: 'tune' | 'pictures';
  readonly loaded: number;
  readonly total: number;
}

export interface StepEvent {
  readonly kind: 'step';
  /** Steps done so far, from 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly losses: StepLosses;
  readonly learningRate: number;
  /** Of all gradients, before clipping; null where it was not finite, so that the step moved nothing. */
  readonly gradientNorm: number | null;
}

export interface ValidationEvent {
  readonly kind: 'validation';
  readonly step: number;
  /** Epochs done so far, from 1. */
  readonly epoch: number;
  /** Mean Dice of the autonomous mode, one a class; null where no picture has the class. */
  readonly dice: readonly (number | null)[];
}

export type TrainingEvent = StepEvent | ValidationEvent;

/** A run under way. Its state is whole whenever no event is being waited for. */
export interface TrainingRun extends Disposable {
  readonly adapter: AdapterSummary;
  /** Which variants compute, where they are not the defaults: part of what decides the last bits. */
  readonly tuned: TunedKernels;
  /** Sentences that a person should see. */
  readonly warnings: readonly string[];
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps done so far: more than 0 at the start of a resumed run. */
  readonly done: number;
  /**
   * Steps on when the next event is asked for, and not before. Leaving the loop leaves the run between two steps. The
   * signal ends a measurement of Dice, which may take long, between two pictures; it does not end a step.
   * @throws GpuError naming step and term where a loss is no finite number, and where gradients are none in several
   * steps in a row; DeviceLostError; Sam2RadError where another iteration's event is awaited, which is left to come; the
   * signal's reason, and the state is that of the last step
   */
  events(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<TrainingEvent>;
  /** Whether the state is that of the last event and may be saved, after `events` threw: not without a device. */
  readonly isIntact: boolean;
  /**
   * A safetensors file with the parameters and the optimiser's state; everything random follows from seed and step. Its
   * metadata, over those that are given, hold the job's settings, class names, and the training pictures' names and sizes.
   * Chunks are the caller's own, who may make a Blob of them.
   * @throws CheckpointError for metadata that are no texts, before the first chunk
   */
  checkpoint(metadata?: Readonly<Record<string, string>>): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /**
   * A safetensors file of the whole model, base and what was learned: canonical, or the reference's state_dict. Chunks are the
   * caller's own.
   * @throws TrainingSettingsError for another layout, CheckpointError for metadata that are no texts, before the first chunk
   */
  model(
    layout: 'canonical' | 'reference',
    metadata?: Readonly<Record<string, string>>,
  ): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Ends the run and frees all its GPU memory. */
  dispose(): void;
}
