import { openTrainingRun } from '../../src/tasks/train/run.ts';
import type { StartTraining } from './engine.ts';

/** The engine's side of `sam2rad train`. */
export const startTraining: StartTraining = (job) => openTrainingRun(job);
