import { kindOf, PictureError, Sam2RadError } from '../../errors.ts';
import { naturalSize } from '../../web/picture.ts';
import { LEAST_TOKENS, MOST_CLASSES, MOST_TOKENS, type ModelConfig } from '../../weights/config.ts';
import { areClassNames, PREPROCESSES } from '../../weights/metadata.ts';
import type { LabelledPicture, PictureToLearn, TrainingJob } from './job.ts';
import { TRAINED_PARTS } from './trained.ts';
import { AUGMENTATIONS } from './view.ts';

/** A setting of a training that cannot be, or that there is nothing to learn from. */
export class TrainingSettingsError extends Sam2RadError {
  override name = 'TrainingSettingsError';
}

const MOST_SEED = 2 ** 32 - 1;

/** @throws TrainingSettingsError naming the setting */
export function checkJob(
  job: Pick<TrainingJob, 'training' | 'classNames' | 'settings' | 'validateEvery'>,
): void {
  if (job.training.length === 0)
    throw new TrainingSettingsError('training: got no pictures, expected one at least');
  checkSettings(job);
  if (job.validateEvery !== undefined) expectCount('validateEvery', job.validateEvery);
}

/** @throws TrainingSettingsError naming the setting */
export function checkSettings({ classNames, settings }: Pick<TrainingJob, 'classNames' | 'settings'>): void {
  const { batch, epochs, learningRate, clip, queryDeviation, tokens, seed } = settings;
  const { train, augment, preprocess } = settings;
  expectOneOf('train', train, TRAINED_PARTS);
  expectOneOf('augment', augment, AUGMENTATIONS);
  expectOneOf('preprocess', preprocess, PREPROCESSES);
  if (!Number.isInteger(tokens) || tokens < LEAST_TOKENS || tokens > MOST_TOKENS)
    throw new TrainingSettingsError(
      `tokens: got ${tokens}, expected a whole number of ${LEAST_TOKENS} to ${MOST_TOKENS}`,
    );
  if (!areClassNames(classNames) || classNames.length < 1 || classNames.length > MOST_CLASSES)
    throw new TrainingSettingsError(
      `classNames: got ${JSON.stringify(classNames)}, expected 1 to ${MOST_CLASSES} different names of 1 to 64 characters`,
    );
  for (const [name, value] of Object.entries({ batch, epochs })) expectCount(name, value);
  if (!isPositive(learningRate))
    throw new TrainingSettingsError(`learningRate: got ${learningRate}, expected a positive number`);
  if (clip !== null && !isPositive(clip))
    throw new TrainingSettingsError(`clip: got ${clip}, expected a positive number, or null for no clipping`);
  if (queryDeviation !== undefined && !isPositive(queryDeviation))
    throw new TrainingSettingsError(`queryDeviation: got ${queryDeviation}, expected a positive number`);
  // What is drawn from a seed looks at 32 bits of it: others would repeat the draws of one of these.
  if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEED)
    throw new TrainingSettingsError(`seed: got ${seed}, expected a whole number of 0 to ${MOST_SEED}`);
}

function expectCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new TrainingSettingsError(`${name}: got ${value}, expected a whole number of 1 or more`);
}

/** Names of the tensors in a model's file. */
const LAYOUTS = ['canonical', 'reference'];

/** @throws TrainingSettingsError for a layout that does not exist */
export function checkLayout(layout: string): void {
  expectOneOf('layout', layout, LAYOUTS);
}

function expectOneOf(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value))
    throw new TrainingSettingsError(`${name}: got '${value}', expected ${known.join(', ')}`);
}

/**
 * Queries of another shape make way for new ones, but nobody asks for that by a number of tokens alone.
 * @throws TrainingSettingsError naming the setting that does not go with the base
 */
export function checkAgainst(
  { datasets }: Pick<ModelConfig, 'datasets'>,
  { datasetName, settings: { tokens } }: Pick<TrainingJob, 'datasetName' | 'settings'>,
): void {
  if (typeof datasetName !== 'string')
    throw new TrainingSettingsError(
      `datasetName: got ${kindOf(datasetName)}, expected a text of letters, digits, _ and -, such as 'wrist'`,
    );
  const own = datasets.find(({ name }) => name === datasetName);
  if (!own && !/^[\w-]+$/.test(datasetName))
    throw new TrainingSettingsError(
      `datasetName: got '${datasetName}', expected letters, digits, _ and -, such as 'wrist'`,
    );
  if (own && own.tokens !== tokens)
    throw new TrainingSettingsError(
      `tokens: got ${tokens}, but the base's own queries '${datasetName}' have ${own.tokens}: give ${own.tokens}, or another datasetName to learn new ones`,
    );
}

const isPositive = (value: number) => Number.isFinite(value) && value > 0;

/**
 * @throws PictureError where picture or class map are not of the size that was announced, the map is no Uint8Array, or a
 * class is none of `classes`
 */
export async function loadChecked(
  { name, width, height, load }: PictureToLearn,
  classes: number,
): Promise<LabelledPicture> {
  const { picture, classMap } = await load();
  const size = naturalSize(picture);
  if (size.width !== width || size.height !== height)
    throw new PictureError(
      `${name}: the picture has ${size.width} x ${size.height} pixels, expected the ${width} x ${height} that the job says; give its upright size`,
    );
  if (kindOf(classMap) !== 'Uint8Array')
    throw new PictureError(
      `${name}: the class map is ${kindOf(classMap)}, expected a Uint8Array of ${width * height} class numbers`,
    );
  if (classMap.length !== width * height)
    throw new PictureError(
      `${name}: the class map has ${classMap.length} values, expected ${width * height}, one for each of ${width} x ${height} pixels`,
    );
  const past = classMap.find((value) => value > classes);
  if (past !== undefined)
    throw new PictureError(
      `${name}: the class map holds class number ${past}, expected 0 for the background and ${classes === 1 ? '1' : `1 to ${classes}`}; correct the map or name its class in classNames`,
    );
  return { picture, classMap };
}
