/**
 * What `sam2rad train` asks of the training engine. The command owns files, datasets and the terminal; the engine owns
 * the GPU, the parameters and the order of steps.
 */
import type { AdapterSummary, LoadProgress } from '../../src/index.ts';
import type { Picture } from '../node/pictures.ts';

/** Which parameters learn; everything else of the base is frozen. */
export const TRAINED = ['ppn', 'ppn+lora', 'ppn+lora+adapters'] as const;
export type Trained = (typeof TRAINED)[number];

/** none: the pictures as they are. mirror: and their mirror images. full: the reference's augmentation. */
export const AUGMENTATIONS = ['none', 'mirror', 'full'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

/**
 * How pictures are brought to the model's square, kept in what is trained. sam2rad: the reference's, padded and without
 * antialiasing. sam, sam2: as the base itself saw them, which on speckle are better features; the reference's code does
 * not know them.
 */
export const PREPROCESSES = ['sam2rad', 'sam2', 'sam'] as const;
export type Preprocess = (typeof PREPROCESSES)[number];

/** Names of the tensors: canonical, or the reference's Lightning state_dict, key by key. */
export const LAYOUTS = ['canonical', 'reference'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** All that decides which numbers come out, beside the data and the base. */
export interface TrainSettings {
  readonly train: Trained;
  /** Learned queries a class. */
  readonly tokens: number;
  readonly epochs: number;
  /** Pictures a step; the last step of an epoch may have fewer. */
  readonly batch: number;
  /** AdamW's at the start of the cosine. */
  readonly learningRate: number;
  readonly augment: Augmentation;
  readonly preprocess: Preprocess;
  readonly seed: number;
}

/** A picture with its true mask, read when it is needed: a data set may be larger than the memory. */
export interface TrainingExample {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly load: () => Promise<LabelledPicture>;
}

export interface LabelledPicture {
  readonly picture: Picture;
  /** width * height class numbers, 0 is background. */
  readonly classMap: Uint8Array;
}

export interface TrainingJob {
  readonly base: File;
  /** Given to the queries: `queries.<datasetName>`. Letters, digits, `_` and `-`. */
  readonly datasetName: string;
  /** In order of the class numbers, from 1. */
  readonly classNames: readonly string[];
  readonly training: readonly TrainingExample[];
  /** After each epoch; the training pictures themselves where nothing was set aside. */
  readonly validation: readonly TrainingExample[];
  readonly settings: TrainSettings;
  /** A file of `TrainingRun.checkpoint` of a run with the same job: its state is taken up. */
  readonly resume?: File;
  readonly device: GPUDevice;
  /** Cancels loading. Once `startTraining` has resolved the command stops between events instead. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * The loss of a step, and its terms by themselves, without the weights that they have in it:
 * total = (dice + 10 focal) / 2 + box + object + 100 interim.
 */
export interface Losses {
  readonly total: number;
  readonly dice: number;
  readonly focal: number;
  readonly box: number;
  readonly object: number;
  readonly interim: number;
}

export interface StepEvent {
  readonly kind: 'step';
  /** Steps done so far, from 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly losses: Losses;
  readonly learningRate: number;
}

export interface ValidationEvent {
  readonly kind: 'validation';
  readonly step: number;
  /** Epochs done so far, from 1. */
  readonly epoch: number;
  /** Mean Dice of the autonomous mode, one a class; null where no picture of the class is among the validation. */
  readonly dice: readonly (number | null)[];
}

export type TrainingEvent = StepEvent | ValidationEvent;

/** A run under way. Its state is whole whenever no event is being waited for. */
export interface TrainingRun extends Disposable {
  readonly adapter: AdapterSummary;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps done before `events` begins: more than 0 for a resumed run. */
  readonly done: number;
  /**
   * Steps on when the next event is asked for, and not before; a validation follows the last step of each epoch.
   * Leaving the loop leaves the run between two steps. A resumed run that stands at the end of an epoch begins with
   * that epoch's validation: it may not have come to it before.
   * @throws an error that names step and term where a loss is no finite number
   */
  events(): AsyncIterable<TrainingEvent>;
  /** Whether the state is that of the last event, and may be saved, after `events` threw: not with NaNs or no device. */
  readonly isIntact: boolean;
  /** A safetensors file with the parameters, the optimiser's state and all random streams. */
  checkpoint(metadata: Readonly<Record<string, string>>): AsyncIterable<Uint8Array>;
  /** A safetensors file of the whole model, base and what was learned. */
  model(layout: Layout, metadata: Readonly<Record<string, string>>): AsyncIterable<Uint8Array>;
}

export type StartTraining = (job: TrainingJob) => Promise<TrainingRun>;
