import type { TrainingEvent, TrainingProgress, TrainSettings } from '../../../src/training.ts';

/** A labelled picture on its way to the training's thread: files, so that pixels are in memory one picture at a time. */
export interface TrainPicture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly picture: Blob;
  /** An 8-bit grey PNG of class numbers. */
  readonly labels: Blob;
}

export interface TrainInput {
  readonly base: File;
  readonly datasetName: string;
  readonly classNames: readonly string[];
  readonly training: readonly TrainPicture[];
  readonly validation: readonly TrainPicture[];
  readonly settings: TrainSettings;
  /** The checkpoint to go on from. */
  readonly resume: Blob | null;
}

/** What a training says on its way. */
export type TrainReport =
  | ({ readonly kind: 'preparing' } & TrainingProgress)
  /** Preparation is done: so many steps of all are behind it. */
  | { readonly kind: 'ready'; readonly done: number; readonly steps: number }
  | { readonly kind: 'saving' }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly steps: number; readonly data: Blob }
  | TrainingEvent;

export type TrainOutcome =
  /** The last checkpoint that was reported has its state. */
  { readonly kind: 'paused' } | { readonly kind: 'done'; readonly steps: number; readonly model: Blob };

/** The worker's calls for training. */
export interface TrainingCalls {
  /** To the end, or until it is paused. */
  train: { in: TrainInput; out: TrainOutcome; progress: TrainReport };
  /** Ends the training after the step under way, with a checkpoint. */
  pause: { in: Record<string, never>; out: null; progress: never };
  /** The model's file in the layout that PyTorch's reference loads. */
  reference: { in: { model: Blob }; out: Blob; progress: never };
}
