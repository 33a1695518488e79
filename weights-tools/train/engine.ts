/**
 * What `sam2rad train` asks of the training engine. The command owns files, datasets and the terminal; the engine owns
 * the GPU, the parameters and the order of steps.
 */
import type { TrainingJob, TrainingRun, TrainSettings } from '../../src/tasks/train/job.ts';

export type {
  LabelledPicture,
  PictureToLearn as TrainingExample,
  StepEvent,
  TrainingEvent,
  TrainingJob,
  TrainingProgress,
  TrainingRun,
  TrainSettings,
  ValidationEvent,
} from '../../src/tasks/train/job.ts';
export { TRAINED_PARTS } from '../../src/tasks/train/trained.ts';
export type { StepLosses as Losses } from '../../src/tasks/train/trainer.ts';
export { AUGMENTATIONS } from '../../src/tasks/train/view.ts';

/**
 * How pictures are brought to the model's square, kept in what is trained. sam2rad: the reference's, padded and without
 * antialiasing. sam, sam2: as the base itself saw them, which on speckle are better features; the reference's code does
 * not know them.
 */
export const PREPROCESSES = [
  'sam2rad',
  'sam2',
  'sam',
] as const satisfies readonly TrainSettings['preprocess'][];
export type Preprocess = (typeof PREPROCESSES)[number];

/** Names of the tensors: canonical, or the reference's Lightning state_dict, key by key. */
export const LAYOUTS = ['canonical', 'reference'] as const;
export type Layout = (typeof LAYOUTS)[number];

export type StartTraining = (job: TrainingJob) => Promise<TrainingRun>;
