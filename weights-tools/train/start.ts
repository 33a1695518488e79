import { UnsupportedError } from '../../src/errors.ts';
import type { TrainingRun } from './engine.ts';

/** The engine's side of `StartTraining`. */
export async function startTraining(): Promise<TrainingRun> {
  throw new UnsupportedError('this version cannot train yet');
}
