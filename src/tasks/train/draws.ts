import type { TrainSettings } from './job.ts';
import type { PromptDraw } from './recordings.ts';
import { STREAMS, streamOf } from './streams.ts';
import type { TrainedParts } from './trained.ts';

/** The reference's (train.py). */
const CHANCES = { learned: 0.9, box: 0.5, mask: 0.1 };

/** Everything that `drawOf` may give. */
export function drawsOf(train: TrainedParts): PromptDraw[] {
  const learned = [false, true].map((box) => ({ learned: true, box, mask: false }));
  const manual = [
    { learned: false, box: true, mask: false },
    { learned: false, box: true, mask: true },
    { learned: false, box: false, mask: true },
  ];
  return train === 'ppn' ? learned : [...learned, ...manual];
}

/**
 * What prompts the decoder in a step (prompt_sampler.py). A learned mask goes before a true one.
 * @param step from 0
 */
export function drawOf({ train, seed }: Pick<TrainSettings, 'train' | 'seed'>, step: number): PromptDraw {
  const random = streamOf(seed, STREAMS.draw, step);
  const [learned, box, mask] = [random() < CHANCES.learned, random() < CHANCES.box, random() < CHANCES.mask];
  // Without learned prompts nothing of the predictor learns; where only it does, that would be no step.
  const isLearned = learned || !(box || mask) || train === 'ppn';
  return { learned: isLearned, box, mask: mask && !isLearned };
}

/** How many of the first `steps` learn the predictor. */
export function learnedDraws(settings: Pick<TrainSettings, 'train' | 'seed'>, steps: number): number {
  let count = 0;
  for (let step = 0; step < steps; step++) if (drawOf(settings, step).learned) count += 1;
  return count;
}
