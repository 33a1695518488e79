import { CheckpointError } from '../errors.ts';
import type { WeightStorage } from '../gpu/kernel.ts';
import { canonicalTensors } from './canonical-tensors.ts';
import type { ModelConfig } from './config.ts';
import type { ModelDescription } from './description.ts';
import { detectModel } from './detect.ts';
import { littleEndian } from './dtypes.ts';
import { badValue } from './finite.ts';
import { f16Bytes } from './half.ts';
import { areClassNames, FORMAT, VERSION } from './metadata.ts';
import { channelsOf, quantise } from './quantise.ts';
import type { Checkpoint, StoredTensor } from './types.ts';
import { safetensorsBytes, type TensorSource, writeSafetensors } from './write-safetensors.ts';

export interface ConvertProgress {
  /** Bytes of the output made so far, and in all. */
  readonly bytes: number;
  readonly total: number;
}

export interface ConvertOptions {
  /**
   * How values are stored, rounded to nearest, ties to even. f16 halves the file. q8 makes a quarter of it: matrices
   * as I8 with a factor for each output channel in a tensor `<name>.scale`, everything else f16.
   */
  readonly dtype: WeightStorage;
  /** Side of the model's input in pixels, a multiple of 64 in 256..2048; the checkpoint's own by default. */
  readonly imageSize?: number;
  /** What the learned classes are called, in order of their numbers; the checkpoint's own by default. */
  readonly classNames?: readonly string[];
  /** Further entries of the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

/** What `detectModel` says of an opened checkpoint. */
export function describeCheckpoint(
  checkpoint: Checkpoint,
  imageSize?: number,
  preprocess?: ModelConfig['preprocess'],
): ModelDescription {
  const { name, metadata } = checkpoint;
  return detectModel(checkpoint.tensors, { name, metadata, imageSize, preprocess });
}

/**
 * Converts a checkpoint of any known layout to ours: a safetensors file with canonical names, the model's
 * configuration in its metadata, no video memory, BatchNorms folded. Converting the result again yields the
 * same bytes.
 * @throws CheckpointError as `detectModel` does before the first chunk; while writing, for a value that is not
 * finite or does not fit f16. The signal's reason when cancelled.
 */
export async function* convertCheckpoint(
  checkpoint: Checkpoint,
  options: ConvertOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { dtype, signal, onProgress } = options;
  const description = describeCheckpoint(checkpoint, options.imageSize);
  const { classNames = description.config.classNames } = options;
  const classes = description.config.datasets[0]?.classes ?? 0;
  if (classNames && !(areClassNames(classNames) && classNames.length === classes))
    throw new CheckpointError(
      `${checkpoint.name} has ${classes} learned classes and cannot call them '${classNames.join("', '")}': give ${classes} different names of 1 to 64 characters`,
    );
  const isOurs = description.layout === 'canonical' && checkpoint.metadata['format'] === FORMAT;
  const metadata = {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify({ ...description.config, ...(classNames && { classNames }) }),
    source: (isOurs && checkpoint.metadata['source']) || checkpoint.name,
    ...options.metadata,
    ...(dtype === 'q8' && { storage: dtype }),
  };
  const sources = [...canonicalTensors(checkpoint, description).values()].flatMap((tensor) =>
    sourcesOf(checkpoint.name, tensor, dtype),
  );
  const total = safetensorsBytes(sources, metadata);
  let bytes = 0;
  for await (const chunk of writeSafetensors(sources, metadata, signal)) {
    bytes += chunk.byteLength;
    yield chunk;
    onProgress?.({ bytes, total });
  }
}

/** What a tensor becomes in the file: itself, and its scale where it is a matrix of a q8 file. */
function sourcesOf(file: string, tensor: StoredTensor, dtype: WeightStorage): TensorSource[] {
  const { name, shape } = tensor;
  if (dtype === 'f32')
    return [
      { name, shape, dtype: 'F32', bytes: async (signal) => littleEndian(await tensor.readF32(signal)) },
    ];
  const matrix = dtype === 'q8' ? channelsOf(name, shape) : undefined;
  if (!matrix) {
    const advice = 'f16 ends at 65504: convert to f32.';
    const bytes = async (signal?: AbortSignal) => {
      const values = await tensor.readF32(signal);
      return f16Bytes(values, (at) => badValue(file, name, values, at, advice));
    };
    return [{ name, shape, dtype: 'F16', bytes }];
  }
  const { channels, inner } = matrix;
  const quantised = async (signal?: AbortSignal) => quantise(await tensor.readF32(signal), channels, inner);
  // The scale follows its values at once: kept, so that they are not read twice.
  let scale: Float32Array | undefined;
  const values = async (signal?: AbortSignal) => {
    const made = await quantised(signal);
    scale = made.scale;
    return new Uint8Array(made.values.buffer);
  };
  const factors = async (signal?: AbortSignal) => littleEndian(scale ?? (await quantised(signal)).scale);
  return [
    { name, shape, dtype: 'I8', bytes: values },
    { name: `${name}.scale`, shape: [channels], dtype: 'F32', bytes: factors },
  ];
}
