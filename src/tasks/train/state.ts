import { CheckpointError } from '../../errors.ts';
import type { TunedKernels } from '../../graph/graph.ts';
import { QUERY_DEVIATION } from '../../weights/initial.ts';
import type { Checkpoint } from '../../weights/types.ts';
import type { TrainingJob } from './job.ts';

const FORMAT = 'sam2rad-training';
/** The metadata entry that says which job a state is of; states written before there was one lack it. */
const JOB_KEY = 'trainingJob';

/** What is read of a job. */
type StatedJob = Pick<TrainingJob, 'datasetName' | 'classNames' | 'training' | 'settings'>;

/** What a state's metadata tell. */
export interface SavedState {
  /** Steps done. */
  readonly steps: number;
  /** What computed the run so far: the defaults where its state says nothing. */
  readonly tuned: TunedKernels;
  /** What a person should know of going on from it, a sentence each. */
  readonly notes: readonly string[];
}

/** The metadata of a state after so many steps of a job; they name its pictures. */
export function stateMetadata(
  job: StatedJob,
  { steps, tuned }: Pick<SavedState, 'steps' | 'tuned'>,
): Record<string, string> {
  const record = { ...sameOf(job), ...changeableOf(job) };
  return {
    format: FORMAT,
    steps: String(steps),
    tuned: JSON.stringify(tuned),
    [JOB_KEY]: JSON.stringify(record),
  };
}

/**
 * Reads a state's metadata for a job that is to go on from it.
 * @throws CheckpointError for a file that is no state, for one of another job, naming what differs, and for one with more
 * steps than the job has
 */
export function readState({ name, metadata }: Checkpoint, job: StatedJob): SavedState {
  const steps = Number(metadata['steps']);
  if (metadata['format'] !== FORMAT || !Number.isInteger(steps) || steps < 0)
    throw new CheckpointError(`${name} is no state of a training: give the checkpoint that \`train\` wrote`);
  const record = recordOf(name, metadata[JOB_KEY]);
  const { pictures, ...same } = sameOf(job);
  const [difference] = [
    ...differences(record, same),
    ...(differs(record['pictures'], pictures) ? [pictureThatDiffers(record['pictures'], pictures)] : []),
  ];
  if (difference !== undefined)
    throw new CheckpointError(
      `${name} is a state of another job: ${difference}; give the job that it was begun with, or leave resume out`,
    );
  const most = job.settings.epochs * Math.ceil(job.training.length / job.settings.batch);
  if (steps > most)
    throw new CheckpointError(
      `${name} is a state after ${steps} steps, but this job has ${most}, expected as many at least: give more epochs, or leave resume out`,
    );
  const notes = differences(record, changeableOf(job)).map(
    (change) =>
      `the run goes on from a state of another plan: ${change}, so that its steps are not those that it would have made`,
  );
  return { steps, tuned: tunedOf(metadata['tuned']), notes };
}

/** What must be the same where a run goes on bit for bit. */
function sameOf({ datasetName, classNames, training, settings }: StatedJob) {
  const {
    train,
    tokens,
    queryDeviation = QUERY_DEVIATION,
    batch,
    clip,
    augment,
    preprocess,
    seed,
  } = settings;
  return {
    ...{ seed, batch, clip, augment, preprocess, train, tokens, queryDeviation, datasetName, classNames },
    pictures: training.map(({ name, width, height }) => [name, width, height] as const),
  };
}

/** What may change on the way: more epochs train on, and a loss that is no number asks for a lower learning rate. */
const changeableOf = ({ settings: { learningRate, epochs } }: StatedJob) => ({ learningRate, epochs });

type JobRecord = Readonly<Record<string, unknown>>;

function recordOf(name: string, text: string | undefined): JobRecord {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new CheckpointError(
    `${name} does not say which job it is a state of: its metadata '${JOB_KEY}' are damaged; give another checkpoint of the run`,
  );
}

/** What a record lacks, nobody can compare. */
const differs = (recorded: unknown, own: unknown) =>
  recorded !== undefined && JSON.stringify(recorded) !== JSON.stringify(own);

const differences = (record: JobRecord, own: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(own).flatMap(([key, value]) =>
    differs(record[key], value)
      ? [`its ${key} is ${JSON.stringify(record[key])}, this job's is ${JSON.stringify(value)}`]
      : [],
  );

function pictureThatDiffers(recorded: unknown, own: readonly unknown[]): string {
  const theirs: readonly unknown[] = Array.isArray(recorded) ? recorded : [];
  if (theirs.length !== own.length)
    return `it learned from ${theirs.length} training pictures, this job has ${own.length}`;
  const at = own.findIndex((picture, i) => differs(theirs[i], picture));
  const told = (picture: unknown) => {
    const [name, width, height]: readonly unknown[] = Array.isArray(picture) ? picture : [];
    return `'${name}' of ${width} x ${height}`;
  };
  return `its training picture ${at + 1} is ${told(theirs[at])}, this job's is ${told(own[at])}`;
}

function tunedOf(text = '{}'): TunedKernels {
  try {
    const value: unknown = JSON.parse(text);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry) => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}
