/** A model's work by the calls that a person makes, as the recordings that these calls run. */
import type { Recording } from '../../src/graph/graph.ts';
import { bytesOf } from '../../src/graph/tensor.ts';
import {
  type DecodeSpec,
  recordDecoder,
  recordEncoder,
  recordImageTerms,
  recordMasks,
  recordPreprocess,
  recordPromptPredictor,
  type StageContext,
} from '../../src/tasks/recordings.ts';
import {
  type PromptDraw,
  recordOptimiser,
  recordTrainingStep,
  type TrainingContext,
} from '../../src/tasks/train/recordings.ts';
import { trainedBy } from '../../src/tasks/train/trained.ts';
import { trainedParameters } from '../../src/tasks/train/trainer.ts';

export type PartName = 'encode' | 'auto' | 'click' | 'train step';

/** What one call runs, in order. */
export interface Part {
  readonly name: PartName;
  readonly recordings: readonly Recording[];
}

/** A step as the bench takes it: learned prompts and the true box, the most that a usual step computes. */
export const DRAW: PromptDraw = { learned: true, box: true, mask: false };
/** Of the reference's training. */
export const DROPOUT = 0.1;

/**
 * @param context of a model; without a prompt predictor it has neither `auto` nor a training step
 * @param side of the picture that is encoded, a square
 */
export function partsOf(context: StageContext, side: number): Part[] {
  const { config } = context;
  const [dataset] = config.ppn ? config.datasets : [];
  const tokens = dataset?.tokens ?? 0;
  const sam2 = config.preprocess === 'sam2';
  const box: DecodeSpec = {
    points: sam2 ? 3 : 2,
    mask: false,
    classes: [],
    choice: sam2 ? 'stable' : 'single',
  };
  const picture = { width: side, height: side, logits: false };
  const parts: Part[] = [
    {
      name: 'encode',
      recordings: [recordPreprocess(context, side, side), recordEncoder(context), recordImageTerms(context)],
    },
    {
      name: 'click',
      recordings: [
        recordDecoder(context, box, tokens),
        recordMasks(context, { ...picture, answers: 1, scored: false, classMap: false }),
      ],
    },
  ];
  if (!dataset) return parts;
  const classes = Array.from({ length: dataset.classes }, (_, index) => index);
  const scored = config.decoder.objectScore !== 'none';
  const training: TrainingContext = { ...context, trained: trainedBy('ppn'), dataset, dropout: DROPOUT };
  // Nearly as many as are trained: each parameter is padded to 256 bytes.
  const bytes = trainedParameters(training).reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
  const count = 4 * Math.ceil(bytes / 16);
  return [
    ...parts,
    {
      name: 'auto',
      recordings: [
        recordPromptPredictor(context, dataset),
        recordDecoder(context, { points: 0, mask: false, classes, choice: 'single' }, tokens),
        recordMasks(context, { ...picture, answers: classes.length, scored, classMap: true }),
      ],
    },
    {
      name: 'train step',
      recordings: [recordTrainingStep(training, DRAW), recordOptimiser(training, count, [0, count])],
    },
  ];
}

export const dispatchesOf = ({ recordings }: Part): number =>
  recordings.reduce((sum, { dispatches }) => sum + dispatches.length, 0);
