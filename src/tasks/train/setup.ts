import { CheckpointError } from '../../errors.ts';
import type { GraphTraits, Recording } from '../../graph/graph.ts';
import { describeCheckpoint } from '../../weights/convert.ts';
import type { ModelDescription } from '../../weights/description.ts';
import { withPromptPredictor } from '../../weights/extend.ts';
import type { Checkpoint } from '../../weights/types.ts';
import { loadEncoder } from '../encoders.ts';
import { recordDecoder, recordEncoder, recordPromptPredictor } from '../recordings.ts';
import { checkAgainst } from './check.ts';
import type { TrainingJob } from './job.ts';
import { type PromptDraw, recordTrainingStep, type TrainingContext } from './recordings.ts';
import { type TrainedParts, trainedBy } from './trained.ts';

/** The reference's settings that a job does not choose. */
export const DROPOUT = 0.1;
const LORA_RANK = 8;
const ADAPTER_WIDTH = 64;

/** A base with all that a job trains. @throws TrainingSettingsError as `checkAgainst`; CheckpointError as `withPromptPredictor` */
export function trainable(
  base: Checkpoint,
  { datasetName, classNames, settings }: Pick<TrainingJob, 'datasetName' | 'classNames' | 'settings'>,
): Checkpoint {
  checkAgainst(describeCheckpoint(base).config, { datasetName, settings });
  return withPromptPredictor(base, {
    dataset: { name: datasetName, classes: classNames.length, tokens: settings.tokens },
    classNames,
    ...(settings.train === 'ppn' ? {} : { loraRank: LORA_RANK }),
    ...(settings.train === 'ppn+lora+adapters' ? { adapterWidth: ADAPTER_WIDTH } : {}),
    preprocess: settings.preprocess,
    seed: settings.seed,
    ...(settings.queryDeviation !== undefined && { queryDeviation: settings.queryDeviation }),
  });
}

/** What a checkpoint is, and what records its training for a device. */
export interface TrainingSetup {
  readonly description: ModelDescription;
  readonly contextFor: (traits: GraphTraits) => TrainingContext;
}

/** @throws CheckpointError for one without prompt predictor or queries; UnsupportedError as `loadEncoder` */
export async function trainingSetup(
  checkpoint: Checkpoint,
  { parts, dropout }: { readonly parts: TrainedParts; readonly dropout: number },
): Promise<TrainingSetup> {
  const description = describeCheckpoint(checkpoint);
  const { config } = description;
  const [dataset] = config.datasets;
  if (!config.ppn || !dataset)
    throw new CheckpointError(`${checkpoint.name} has no prompt predictor to train`);
  const encoder = await loadEncoder(config);
  const trained = trainedBy(parts);
  return { description, contextFor: (traits) => ({ config, encoder, traits, trained, dataset, dropout }) };
}

/** All that a training with these draws runs, but for the optimiser and what depends on a picture's size. */
export function trainingRecordings(context: TrainingContext, draws: readonly PromptDraw[]): Recording[] {
  const { dataset } = context;
  const classes = Array.from({ length: dataset.classes }, (_, index) => index);
  const auto = { points: 0, mask: false, classes, choice: 'single' as const };
  return [
    ...draws.map((draw) => recordTrainingStep(context, draw)),
    recordEncoder(context),
    recordPromptPredictor(context, dataset),
    recordDecoder(context, auto, dataset.tokens),
  ];
}
