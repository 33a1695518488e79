import { CheckpointError } from '../errors.ts';
import { adaptedBlocks } from './canonical.ts';
import { canonicalTensors } from './canonical-tensors.ts';
import type { DatasetConfig, ModelConfig } from './config.ts';
import { describeCheckpoint } from './convert.ts';
import { littleEndian } from './dtypes.ts';
import { initialValues, QUERY_DEVIATION } from './initial.ts';
import { loraTensors, promptPredictorTensors } from './layout-decoder.ts';
import { areClassNames, FORMAT, VERSION } from './metadata.ts';
import { blockWidth, highResPredictor } from './parts.ts';
import { ShapeList } from './shape-list.ts';
import type { Checkpoint, StoredTensor } from './types.ts';

/** What a model shall have that can be trained. */
export interface TrainablePlan {
  readonly dataset: DatasetConfig;
  /** What its classes are called, in order. */
  readonly classNames?: readonly string[];
  /** Rank of LoRA in the decoder, if it shall have it; 8 or 32 in the reference. */
  readonly loraRank?: number;
  /** Width of adapters in the encoder, if it shall have them; 64 in the reference. */
  readonly adapterWidth?: number;
  /** Side of the square that the encoder sees; the checkpoint's own unless given. */
  readonly imageSize?: number;
  /** How pictures are brought to that square; the reference's unless given. */
  readonly preprocess?: ModelConfig['preprocess'];
  /** Of what is drawn. */
  readonly seed: number;
  /** The standard deviation of new queries; the reference's unless given. */
  readonly queryDeviation?: number;
}

/**
 * A checkpoint with what is to be trained added: prompt predictor, queries, and LoRA and adapters where they are wanted.
 * What it has already stays; queries of another name or shape make way for the new ones. Canonical names; nothing is
 * read before it is asked for.
 *
 * @throws CheckpointError for a checkpoint that no known model fits, LoRA or adapters of another size, or class names
 * that are not one for each class, all different
 */
export function withPromptPredictor(checkpoint: Checkpoint, plan: TrainablePlan): Checkpoint {
  const description = describeCheckpoint(checkpoint, plan.imageSize, plan.preprocess ?? 'sam2rad');
  const { config } = description;
  const tensors = new Map(canonicalTensors(checkpoint, description));
  const queries = `queries.${plan.dataset.name}`;
  for (const [name, { shape }] of tensors)
    if (name.startsWith('queries.') && (name !== queries || shape.join() !== queryShape(plan.dataset).join()))
      tensors.delete(name);
  const shapes = trainableShapes(checkpoint.name, config, plan, tensors);
  const { seed, queryDeviation = QUERY_DEVIATION } = plan;
  for (const [name, shape] of shapes) {
    // The converter's own recipe makes these.
    if (tensors.has(name) || name.endsWith('.inv_freq')) continue;
    const weight = shapes.get(name.replace(/\.bias$/, '.weight')) ?? shape;
    tensors.set(
      name,
      inMemory(name, shape, () => initialValues(name, shape, weight, seed, queryDeviation)),
    );
  }
  const { imageSize, preprocess, version } = config;
  const { classNames } = plan;
  if (classNames && !(areClassNames(classNames) && classNames.length === plan.dataset.classes))
    throw new CheckpointError(
      `the classes are called '${classNames.join("', '")}', expected ${plan.dataset.classes} different names of 1 to 64 characters`,
    );
  const stored = { imageSize, preprocess, ...(version && { version }), ...(classNames && { classNames }) };
  return {
    name: checkpoint.name,
    container: 'safetensors',
    tensors,
    metadata: { format: FORMAT, version: VERSION, config: JSON.stringify(stored), source: checkpoint.name },
    warnings: checkpoint.warnings,
  };
}

/** The same checkpoint with other values in some of its tensors, by their names. */
export function withValues(
  checkpoint: Checkpoint,
  values: ReadonlyMap<string, Float32Array>,
  metadata: Readonly<Record<string, string>> = {},
): Checkpoint {
  const tensors = new Map(checkpoint.tensors);
  for (const [name, own] of values) {
    const known = tensors.get(name);
    if (!known) throw new CheckpointError(`${checkpoint.name} has no tensor '${name}' to be replaced`);
    tensors.set(
      name,
      inMemory(name, known.shape, () => own),
    );
  }
  return { ...checkpoint, tensors, metadata: { ...checkpoint.metadata, ...metadata } };
}

const queryShape = ({ classes, tokens }: DatasetConfig) => [classes, tokens, 256];

function trainableShapes(
  file: string,
  config: ModelConfig,
  { dataset, loraRank, adapterWidth }: TrainablePlan,
  tensors: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, readonly number[]> {
  const list = new ShapeList();
  promptPredictorTensors(list, config.ppn ?? highResPredictor(config.encoder));
  list.put(`queries.${dataset.name}`, ...queryShape(dataset));
  const differs = (what: string, has: number, wanted: number) =>
    new CheckpointError(`${file} has ${what} ${has}, expected ${wanted}: train it as it is`);
  if (loraRank !== undefined) {
    if (config.lora && config.lora.rank !== loraRank)
      throw differs('LoRA of rank', config.lora.rank, loraRank);
    loraTensors(list, loraRank);
  }
  if (adapterWidth !== undefined) {
    if (config.adapters && config.adapters.hidden !== adapterWidth)
      throw differs('adapters of width', config.adapters.hidden, adapterWidth);
    for (const block of adaptedBlocks(tensors)) {
      const width = blockWidth(block, config.encoder);
      list.linear(`${block}.adapter.lin1`, adapterWidth, width);
      list.linear(`${block}.adapter.lin2`, width, adapterWidth);
    }
  }
  return list.shapes;
}

/** A tensor whose values are at hand, or made when they are asked for. */
function inMemory(name: string, shape: readonly number[], values: () => Float32Array): StoredTensor {
  return {
    name,
    shape,
    dtype: 'F32',
    read: async () => littleEndian(values()),
    readF32: async () => Float32Array.from(values()),
  };
}
