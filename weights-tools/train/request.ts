import type { TuningStore } from '../../src/index.ts';
import { LEAST_TOKENS, MOST_TOKENS } from '../../src/weights/config.ts';
import { QUERY_DEVIATION } from '../../src/weights/initial.ts';
import { oneOf, parse, parseBytes, parsePositive } from '../arguments.ts';
import { parseClasses } from '../dataset/classes.ts';
import { parseGroupBy } from '../dataset/groups.ts';
import { UsageError } from '../errors.ts';
import { parseTuning, TUNING_OPTIONS } from '../node/tuning.ts';
import {
  AUGMENTATIONS,
  LAYOUTS,
  type Layout,
  PREPROCESSES,
  TRAINED_PARTS,
  type TrainSettings,
} from './engine.ts';
import { TRAIN_USAGE } from './usage.ts';

/** What decides the numbers that come out, as far as the command line says: a resumed run must agree with its record. */
export interface TrainChoices extends TrainSettings {
  readonly queryDeviation: number;
  /** Names; null where they are counted in the masks. */
  readonly classes: readonly string[] | null;
  /** A folder, a share of the pictures, or null: nothing is set aside. */
  readonly validation: string | number | null;
  /** A regular expression's source. */
  readonly groupBy: string | null;
}

/** The reference's settings where it has one. */
export const DEFAULTS: TrainChoices = {
  train: 'ppn',
  tokens: 10,
  queryDeviation: QUERY_DEVIATION,
  epochs: 200,
  batch: 4,
  learningRate: 1e-4,
  clip: null,
  augment: 'mirror',
  preprocess: 'sam2rad',
  seed: 0,
  classes: null,
  validation: null,
  groupBy: null,
};

/** What `sam2rad train` was asked for. */
export interface TrainRequest {
  readonly dataset: string;
  readonly base: string;
  readonly output: string;
  /** Only what the command line names. */
  readonly given: Partial<TrainChoices>;
  /** Epochs. */
  readonly checkpointEvery: number;
  readonly resume?: string;
  readonly layout: Layout;
  /** Bytes that the training may take on the GPU. */
  readonly memoryLimit?: number;
  /** Where the fastest kernels of the device are kept. */
  readonly tuning: TuningStore | undefined;
  readonly json: boolean;
}

/**
 * @returns the request, or the help that was asked for
 * @throws UsageError
 */
export function parseTrain(argv: readonly string[]): TrainRequest | string {
  const { values, positionals } = parse(argv, {
    model: { type: 'string', short: 'm' },
    output: { type: 'string', short: 'o' },
    classes: { type: 'string' },
    train: { type: 'string' },
    tokens: { type: 'string' },
    'query-deviation': { type: 'string' },
    epochs: { type: 'string' },
    batch: { type: 'string' },
    lr: { type: 'string' },
    clip: { type: 'string' },
    augment: { type: 'string' },
    preprocess: { type: 'string' },
    seed: { type: 'string' },
    val: { type: 'string' },
    'group-by': { type: 'string' },
    'checkpoint-every': { type: 'string' },
    resume: { type: 'string' },
    layout: { type: 'string' },
    'memory-limit': { type: 'string' },
    ...TUNING_OPTIONS,
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return TRAIN_USAGE;
  const [dataset, ...rest] = positionals;
  if (dataset === undefined || rest.length > 0)
    throw new UsageError(`train needs one DATASET, got ${positionals.length}`);
  if (values.model === undefined) throw new UsageError('train needs -m BASE, the model to start from');
  if (values.output === undefined)
    throw new UsageError('train needs -o OUT, a folder or a .safetensors file');
  const count = <const N extends string, K extends string>(name: N, key: K, text: string | undefined) =>
    text === undefined ? {} : ({ [key]: parsePositive(name, text) } as { readonly [Key in K]: number });
  const groupBy = values['group-by'];
  // Checked now, kept as text: the record holds it.
  if (groupBy !== undefined) parseGroupBy(groupBy);
  return {
    dataset,
    base: values.model,
    output: values.output,
    given: {
      ...(values.train !== undefined && { train: oneOf('train', values.train, TRAINED_PARTS) }),
      ...(values.tokens !== undefined && { tokens: parseTokens(values.tokens) }),
      ...(values['query-deviation'] !== undefined && {
        queryDeviation: parseDeviation(values['query-deviation']),
      }),
      ...count('epochs', 'epochs', values.epochs),
      ...count('batch', 'batch', values.batch),
      ...(values.lr !== undefined && { learningRate: parseRate(values.lr) }),
      ...(values.clip !== undefined && { clip: parseClip(values.clip) }),
      ...(values.augment !== undefined && { augment: oneOf('augment', values.augment, AUGMENTATIONS) }),
      ...(values.preprocess !== undefined && {
        preprocess: oneOf('preprocess', values.preprocess, PREPROCESSES),
      }),
      ...(values.seed !== undefined && { seed: parseSeed(values.seed) }),
      ...(values.classes !== undefined && { classes: parseClasses(values.classes) }),
      ...(values.val !== undefined && { validation: parseValidation(values.val) }),
      ...(groupBy !== undefined && { groupBy }),
    },
    checkpointEvery: parsePositive('checkpoint-every', values['checkpoint-every'] ?? '10'),
    ...(values.resume !== undefined && { resume: values.resume }),
    layout: oneOf('layout', values.layout ?? 'canonical', LAYOUTS),
    ...(values['memory-limit'] !== undefined && {
      memoryLimit: parseBytes('memory-limit', values['memory-limit']),
    }),
    tuning: parseTuning(values),
    json: values.json ?? false,
  };
}

/** @param expected what `fits` takes, as the message says it */
function parseNumber(
  option: string,
  text: string,
  fits: (value: number) => boolean,
  expected: string,
): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || !fits(value))
    throw new UsageError(`--${option} is '${text}', expected ${expected}`);
  return value;
}

const parseRate = (text: string) =>
  parseNumber('lr', text, (value) => value > 0 && value < 1, 'a number above 0 and below 1, such as 0.0001');

const parseDeviation = (text: string) =>
  parseNumber(
    'query-deviation',
    text,
    (value) => value > 0 && value <= 100,
    'a number above 0, at most 100, such as 1',
  );

const parseTokens = (text: string) =>
  parseNumber(
    'tokens',
    text,
    (value) => Number.isInteger(value) && value >= LEAST_TOKENS && value <= MOST_TOKENS,
    `a whole number from ${LEAST_TOKENS} to ${MOST_TOKENS}, such as 10`,
  );

const parseClip = (text: string) =>
  text === 'none'
    ? null
    : parseNumber('clip', text, (value) => value > 0, 'none, or a norm above 0 such as 1');

/** 0 to 2^32 - 1: all that the random streams take. */
export function parseSeed(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value >= 2 ** 32)
    throw new UsageError(`--seed is '${text}', expected a whole number from 0 to ${2 ** 32 - 1}`);
  return value;
}

/** A number is a share; anything else a folder, also one that `./0.2` names. */
function parseValidation(text: string): string | number {
  if (text === '') throw new UsageError('--val is empty, expected a folder or a share such as 0.2');
  const share = Number(text);
  if (Number.isNaN(share)) return text;
  if (!(share > 0 && share < 1))
    throw new UsageError(`--val is '${text}', expected a folder, or a share above 0 and below 1 such as 0.2`);
  return share;
}
