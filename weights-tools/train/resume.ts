import { DatasetError } from '../../src/tasks/masks/error.ts';
import { AUGMENTATIONS, PREPROCESSES, TRAINED_PARTS } from './engine.ts';
import { type PlannedRun, RECORD_KEY, type RunRecord } from './record.ts';
import { DEFAULTS, type TrainChoices } from './request.ts';

/**
 * The record in a checkpoint's metadata.
 * @throws DatasetError where there is none that we know
 */
export function readRecord(file: string, metadata: Readonly<Record<string, string>>): RunRecord {
  const wrong = (why: string) =>
    new DatasetError(`${file} ${why}; --resume needs a .checkpoint.safetensors of sam2rad train`);
  const text = metadata[RECORD_KEY];
  if (text === undefined) throw wrong('holds no record of a run');
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw wrong('holds a damaged record of a run');
  }
  if (!isObject(record) || record['format'] !== 'sam2rad-run' || record['version'] !== 1)
    throw wrong('holds the record of another version');
  for (const [field, value, isFine] of fieldsOf(record))
    if (!isFine(value))
      throw wrong(
        `holds a damaged record of a run, whose ${field} ${value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`}`,
      );
  // All that is read of it was checked; the rest is compared whole, or only shown.
  return record as unknown as RunRecord;
}

type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0;
const isPositive: Check = (value) => Number.isFinite(value) && Number(value) > 0;
const isMissing: Check = (value) => value === undefined;
const isNull: Check = (value) => value === null;
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const among =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

const CHOICES: Readonly<Record<keyof TrainChoices, Check>> = {
  train: among(TRAINED_PARTS),
  tokens: isCount,
  queryDeviation: isPositive,
  epochs: isCount,
  batch: isCount,
  learningRate: isPositive,
  clip: either(isNull, isPositive),
  augment: among(AUGMENTATIONS),
  preprocess: among(PREPROCESSES),
  seed: either(isCount, among([0])),
  classes: either(isNull, isTexts),
  validation: either(isNull, isPositive, isText),
  groupBy: either(isNull, isText),
};

/** What of a record is read, and what it must be. A choice that it lacks is the default. */
function fieldsOf(record: Readonly<Record<string, unknown>>): (readonly [string, unknown, Check])[] {
  const { base, choices, classNames, training, validation } = record;
  const inside = (value: unknown, key: string) => (isObject(value) ? value[key] : undefined);
  return [
    ['classNames', classNames, isTexts],
    ['training', training, Array.isArray],
    ['validation', validation, Array.isArray],
    ['base', base, isObject],
    ['base.file', inside(base, 'file'), isText],
    ['base.sha256', inside(base, 'sha256'), isText],
    ['choices', choices, isObject],
    ...Object.entries(CHOICES).map(
      ([key, check]) => [`choices.${key}`, inside(choices, key), either(isMissing, check)] as const,
    ),
  ];
}

/**
 * The choices of a run: the defaults, over them those of the run that goes on, over them the command line's.
 * @throws DatasetError where the command line says otherwise than the run that goes on
 */
export function resolveChoices(given: Partial<TrainChoices>, resumed: RunRecord | undefined): TrainChoices {
  const choices = { ...DEFAULTS, ...resumed?.choices, ...given };
  if (!resumed) return choices;
  for (const [key, value] of Object.entries(resumed.choices)) {
    const now = Object.entries(choices).find(([name]) => name === key)?.[1];
    if (JSON.stringify(now) !== JSON.stringify(value))
      throw new DatasetError(
        `the run that --resume names has ${key} ${JSON.stringify(value)}, now ${JSON.stringify(now)} was given; leave it out to go on, or start anew without --resume`,
      );
  }
  return choices;
}

/** @throws DatasetError where data or base are not those of the run that goes on: it could not go on bit for bit */
export function checkSameRun(resumed: RunRecord, now: PlannedRun): void {
  const parts = ['training', 'validation', 'classNames'] as const;
  for (const part of parts)
    if (JSON.stringify(resumed[part]) !== JSON.stringify(now[part]))
      throw new DatasetError(
        `the ${part === 'classNames' ? 'classes are' : `${part} pictures or masks are`} not those of the run that --resume names; bring them back, or start anew without --resume`,
      );
  if (resumed.base.sha256 !== now.base.sha256)
    throw new DatasetError(
      `${now.base.file} is not the base of the run that --resume names (${resumed.base.file}, SHA-256 ${resumed.base.sha256})`,
    );
}
