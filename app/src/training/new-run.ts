import type { TrainSettings } from '../../../src/training.ts';
import type { AppState } from '../state/state.ts';
import { WorkspaceError } from '../workspace/error.ts';
import type { ClassesSeen } from './class-counts.ts';
import type { TrainingPlan } from './plan.ts';

/** Of the queries of a base that has none: `queries.<name>` in the model. */
const DATASET = 'labelled';
/** What learned most from ten phantoms: README, 'From ten pictures'. The command line's defaults are the reference's. */
const LEARNED_MOST = {
  /** AdamW steps as far for one picture as for four. */
  batch: 1,
  /** The first gradients are a hundred times as long as later ones, and all that AdamW would remember of a short training. */
  clip: 1,
  /** Classes begin apart. */
  queryDeviation: 1,
} as const;

/**
 * What the base and the choices make of a training. A base with a prompt predictor goes on learning: it keeps its
 * queries only where their name and number stay.
 * @throws WorkspaceError for labels that nothing can be learned from
 */
export function newRun(
  state: AppState,
  { training, validation, classNames }: TrainingPlan,
  seen: ClassesSeen,
): { readonly settings: TrainSettings; readonly datasetName: string } {
  const { model } = state.engine;
  if (model === null)
    throw new WorkspaceError('there is no model to start from yet: wait until one is loaded');
  if (training.length === 0)
    throw new WorkspaceError('no labelled picture is accepted yet: label one, and accept its labels');
  const all = [...training, ...validation];
  const counts = seen.count(all, state);
  if (counts.size === 0)
    throw new WorkspaceError(
      'the labels of all accepted pictures are empty: label something in at least one',
    );
  const most = Math.max(...counts.keys());
  if (most > classNames.length)
    throw new WorkspaceError(
      `labels hold class number ${most}, but there are ${classNames.length} classes: ${model.hasPredictor ? 'correct the labels, or begin with Plain SAM2, which learns others' : 'add a class, or correct the labels'}`,
    );
  const { epochs, tokens, learningRate, augment, train, seed } = state.training.choices;
  const own = { epochs, tokens, learningRate, augment, train, seed, ...LEARNED_MOST };
  const [dataset] = model.config.datasets;
  const { preprocess } = model.config;
  if (!model.hasPredictor || !dataset) return { settings: { ...own, preprocess }, datasetName: DATASET };
  return { settings: { ...own, tokens: dataset.tokens, preprocess }, datasetName: dataset.name };
}
