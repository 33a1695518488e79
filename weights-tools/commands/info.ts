import { CheckpointError, shown, UnsupportedError } from '../../src/errors.ts';
import {
  describeModel,
  type ModelConfig,
  type ModelCost,
  type StageCost,
  type WeightStorage,
} from '../../src/index.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import type { ModelDescription } from '../../src/weights/description.ts';
import { elementBytes, elementCount } from '../../src/weights/dtypes.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { Checkpoint, DType } from '../../src/weights/types.ts';
import { parse, parsePositive } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import { megabytes, thousands } from '../format.ts';
import { openFile } from '../node/files.ts';
import type { Terminal } from '../terminal.ts';
import { INFO_USAGE } from '../usage.ts';

/** What `sam2rad info --json` prints. */
export interface Info {
  readonly file: string;
  readonly bytes: number;
  readonly container: Checkpoint['container'];
  readonly tensors: number;
  /** Bytes of the tensors by how they are stored, all tensors of the file. */
  readonly storage: readonly { readonly dtype: DType; readonly tensors: number; readonly bytes: number }[];
  /** Absent where the file holds no model that we know; `reason` then says why. */
  readonly model?: ModelInfo;
  readonly reason?: string;
  readonly warnings: readonly string[];
}

interface ModelInfo {
  readonly title: string;
  readonly family: string;
  readonly size: string;
  readonly version?: string;
  readonly layout: ModelDescription['layout'];
  readonly imageSize: number;
  readonly preprocess: string;
  readonly promptPredictor: string | null;
  readonly classes: readonly {
    readonly dataset: string;
    readonly classes: number;
    readonly tokens: number;
  }[];
  /** Values that the model uses. */
  readonly parameters: number;
  /** Tensors of the file that still images do not need. */
  readonly unused: number;
  /** How it keeps its matrices, and the GPU will unless asked otherwise. */
  readonly storage: WeightStorage;
  /** What it takes on the GPU, planned without one; absent where this version cannot run the model. */
  readonly cost?: ModelCost;
}

/** `sam2rad info`: what a weights file is, from its directory alone. */
export async function info(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parse(argv, {
    json: { type: 'boolean' },
    'image-size': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    terminal.out(INFO_USAGE);
    return 0;
  }
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new UsageError(`info needs one FILE, got ${positionals.length}`);
  const size = values['image-size'];
  const imageSize = size === undefined ? undefined : parsePositive('image-size', size);
  const file = await openFile(path);
  const checkpoint = await openCheckpoint(file, { signal: terminal.signal });
  const result = await describe(path, file.size, checkpoint, imageSize);
  terminal.out(values.json ? JSON.stringify(result, null, 2) : infoText(result));
  return 0;
}

async function describe(
  file: string,
  bytes: number,
  checkpoint: Checkpoint,
  imageSize: number | undefined,
): Promise<Info> {
  const { container, tensors, warnings } = checkpoint;
  const base = { file, bytes, container, tensors: tensors.size, storage: storageOf(checkpoint), warnings };
  try {
    return { ...base, model: await modelInfo(describeCheckpoint(checkpoint, imageSize)) };
  } catch (error) {
    // A sound file that is no model of ours is worth a look all the same; a size that no model has is not.
    if (error instanceof CheckpointError && imageSize === undefined)
      return { ...base, reason: error.message };
    throw error;
  }
}

function storageOf({ tensors }: Checkpoint): Info['storage'] {
  const sums = new Map<DType, { dtype: DType; tensors: number; bytes: number }>();
  for (const { dtype, shape } of tensors.values()) {
    const sum = sums.get(dtype) ?? { dtype, tensors: 0, bytes: 0 };
    sum.tensors += 1;
    sum.bytes += (elementCount(shape) ?? 0) * elementBytes[dtype];
    sums.set(dtype, sum);
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}

async function modelInfo(description: ModelDescription): Promise<ModelInfo> {
  const { title, layout, config, dropped, parameters, storage } = description;
  const { family, size, version, imageSize, preprocess, ppn, datasets } = config;
  return {
    title,
    family,
    size,
    ...(version && { version }),
    layout,
    imageSize,
    preprocess,
    promptPredictor: ppn?.kind ?? null,
    classes: datasets.map(({ name, classes, tokens }) => ({ dataset: name, classes, tokens })),
    parameters,
    unused: dropped.length,
    storage,
    ...(await costOf(config, storage)),
  };
}

async function costOf(config: ModelConfig, storage: WeightStorage): Promise<{ readonly cost?: ModelCost }> {
  try {
    return { cost: await describeModel(config, { subgroups: false, cpu: false, storage }) };
  } catch (error) {
    // What we cannot run yet can be described and converted.
    if (error instanceof UnsupportedError) return {};
    throw error;
  }
}

function costRows({ encode, auto, click, ...bytes }: ModelCost): [string, string][] {
  const stage = (name: string, { flops, dispatches }: StageCost): [string, string] => [
    'GPU work',
    `${(flops / 1e9).toFixed(2)} GFLOP in ${dispatches} dispatches ${name}`,
  ];
  return [
    stage('to encode a picture', encode),
    ...(auto ? [stage('for all classes in auto mode', auto)] : []),
    stage('for a box', click),
    [
      'GPU memory',
      `${megabytes(bytes.weightBytes)} of weights, ${megabytes(bytes.peakBytes)} of activations (${megabytes(bytes.unsharedBytes)} without sharing), largest binding ${megabytes(bytes.largestBindingBytes)}`,
    ],
    ...Object.entries(bytes.storages).map(([storage, { weightBytes, gpuBytes }]): [string, string] => [
      'GPU memory',
      `${megabytes(gpuBytes)} with storage ${storage}, ${megabytes(weightBytes)} of them weights`,
    ]),
  ];
}

function infoText({ file, bytes, container, tensors, storage, model, reason, warnings }: Info): string {
  const rows: [string, string][] = [['file', `${file}, ${megabytes(bytes)}`]];
  if (model) {
    const { title, family, size, imageSize, preprocess, promptPredictor, classes, parameters } = model;
    rows.push(
      ['model', title],
      ['family', `${family}, size ${size}`],
      ['image size', `${imageSize} x ${imageSize}, preprocessed as ${preprocess}`],
      ['modes', promptPredictor === null ? 'manual' : `auto (${promptPredictor} prompt predictor), manual`],
      ...classes.map((row): [string, string] => [
        'classes',
        `${row.classes} of ${row.dataset}, ${row.tokens} tokens each`,
      ]),
      ['parameters', thousands(parameters)],
      ['layout', `${model.layout} in ${container}, ${tensors} tensors, ${model.unused} unused`],
      ...(model.cost ? costRows(model.cost) : []),
    );
  } else rows.push(['layout', `unknown in ${container}, ${tensors} tensors`]);
  for (const { dtype, tensors: count, bytes: size } of storage)
    rows.push(['storage', `${dtype} ${megabytes(size)} in ${count} ${count === 1 ? 'tensor' : 'tensors'}`]);
  if (reason !== undefined) rows.push(['no model', reason]);
  for (const warning of warnings) rows.push(['warning', warning]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows
    .map(([label, text], i) => `${(rows[i - 1]?.[0] === label ? '' : label).padEnd(width)}${shown(text)}`)
    .join('\n');
}
