import { DEFAULT_TOLERANCE, PIXELS, type Spacing } from '../../src/evaluation.ts';
import type { ModelConfig, TuningStore, WeightStorage } from '../../src/index.ts';
import { oneOf, parse, parsePositive } from '../arguments.ts';
import { parseClasses } from '../dataset/classes.ts';
import { parseGroupBy } from '../dataset/groups.ts';
import { UsageError } from '../errors.ts';
import { demoModel } from '../node/package.ts';
import { parseTuning, TUNING_OPTIONS } from '../node/tuning.ts';
import { parseSeed } from '../train/request.ts';
import { EVAL_USAGE } from './usage.ts';

export const MODES = ['auto', 'box', 'point'] as const;
/** What prompts the decoder. */
export type Mode = (typeof MODES)[number];

/** What `sam2rad eval` was asked for. */
export interface EvalRequest {
  readonly dataset: string;
  readonly model: string;
  /** Unless given the model decides. */
  readonly mode?: Mode;
  readonly base?: string;
  /** Nothing is written unless given. */
  readonly folder?: string;
  readonly worst: number;
  readonly classNames?: readonly string[];
  /** Class numbers of the model, one for each of the data's. */
  readonly modelClasses?: readonly number[];
  readonly groupBy?: RegExp;
  readonly spacing: Spacing;
  readonly unit: 'px' | 'mm';
  readonly tolerance: number;
  readonly at: 'picture' | 'model';
  readonly load: {
    readonly preprocess?: ModelConfig['preprocess'];
    readonly imageSize?: number;
    readonly storage?: WeightStorage;
    /** Where the fastest kernels of the device are kept. */
    readonly tuning: TuningStore | undefined;
  };
  readonly resamples: number;
  readonly seed: number;
  readonly json: boolean;
}

/**
 * @returns the request, or the help that was asked for
 * @throws UsageError
 */
export function parseEval(argv: readonly string[]): EvalRequest | string {
  const { values, positionals } = parse(argv, {
    model: { type: 'string', short: 'm' },
    mode: { type: 'string' },
    base: { type: 'string' },
    output: { type: 'string', short: 'o' },
    worst: { type: 'string' },
    classes: { type: 'string' },
    'model-classes': { type: 'string' },
    'group-by': { type: 'string' },
    spacing: { type: 'string' },
    tolerance: { type: 'string' },
    at: { type: 'string' },
    preprocess: { type: 'string' },
    'image-size': { type: 'string' },
    storage: { type: 'string' },
    ...TUNING_OPTIONS,
    resamples: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return EVAL_USAGE;
  const [dataset, ...rest] = positionals;
  if (dataset === undefined || rest.length > 0)
    throw new UsageError(`eval needs one DATASET, got ${positionals.length}`);
  const resamples = parsePositive('resamples', values.resamples ?? '5000');
  if (resamples < 2000)
    throw new UsageError(`--resamples is '${resamples}', expected 2000 or more: fewer give no 95 % interval`);
  const mode = values.mode === undefined ? undefined : oneOf('mode', values.mode, MODES);
  if (values.base !== undefined && mode !== undefined && mode !== 'auto')
    throw new UsageError(`--base stands beside --mode auto; name it with -m to measure it in mode ${mode}`);
  const storages = ['f32', 'f16', 'q8'] as const;
  return {
    dataset,
    model: values.model ?? demoModel(),
    ...(mode !== undefined && { mode }),
    ...(values.base !== undefined && { base: values.base }),
    ...(values.output !== undefined && { folder: values.output }),
    worst: values.worst === '0' ? 0 : parsePositive('worst', values.worst ?? '5'),
    ...(values.classes !== undefined && { classNames: parseClasses(values.classes) }),
    ...(values['model-classes'] !== undefined && { modelClasses: parseNumbers(values['model-classes']) }),
    ...(values['group-by'] !== undefined && { groupBy: parseGroupBy(values['group-by']) }),
    ...parseSpacing(values.spacing),
    tolerance: values.tolerance === undefined ? DEFAULT_TOLERANCE : parseTolerance(values.tolerance),
    at: oneOf('at', values.at ?? 'picture', ['picture', 'model']),
    load: {
      ...(values.preprocess !== undefined && {
        preprocess: oneOf('preprocess', values.preprocess, ['sam', 'sam2', 'sam2rad']),
      }),
      ...(values['image-size'] !== undefined && {
        imageSize: parsePositive('image-size', values['image-size']),
      }),
      ...(values.storage !== undefined && { storage: oneOf('storage', values.storage, storages) }),
      tuning: parseTuning(values),
    },
    resamples,
    seed: values.seed === undefined ? 0 : parseSeed(values.seed),
    json: values.json ?? false,
  };
}

function parseNumbers(text: string): number[] {
  const numbers = text.split(',').map((part) => parsePositive('model-classes', part.trim()));
  if (new Set(numbers).size < numbers.length)
    throw new UsageError(`--model-classes is '${text}', expected each class once`);
  return numbers;
}

function parseSpacing(text: string | undefined): { spacing: Spacing; unit: 'px' | 'mm' } {
  if (text === undefined) return { spacing: PIXELS, unit: 'px' };
  const [x = Number.NaN, y = x, ...rest] = text
    .split(',')
    .map((part) => (part.trim() ? Number(part) : Number.NaN));
  const isFine = [x, y].every((step) => step > 0 && Number.isFinite(step));
  if (!isFine || rest.length > 0)
    throw new UsageError(
      `--spacing is '${text}', expected millimetres a pixel such as 0.12, or across and down: 0.12,0.15`,
    );
  return { spacing: [x, y], unit: 'mm' };
}

function parseTolerance(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && Number.isFinite(value)))
    throw new UsageError(`--tolerance is '${text}', expected a number of 0 or more`);
  return value;
}
