import { CheckpointError } from '../errors.ts';
import { canonicalTensors } from './canonical-tensors.ts';
import type { ModelDescription } from './description.ts';
import { detectModel } from './detect.ts';
import { littleEndian } from './dtypes.ts';
import { f16FromBits } from './half.ts';
import { FORMAT, VERSION } from './metadata.ts';
import type { Checkpoint, StoredTensor } from './types.ts';
import { safetensorsBytes, type TensorSource, writeSafetensors } from './write-safetensors.ts';

export interface ConvertProgress {
  /** Bytes of the output made so far, and in all. */
  readonly bytes: number;
  readonly total: number;
}

export interface ConvertOptions {
  /** How all values are stored. f16 halves the file; values are rounded to nearest, ties to even. */
  readonly dtype: 'f32' | 'f16';
  /** Side of the model's input in pixels, a multiple of 64 in 256..2048; the checkpoint's own by default. */
  readonly imageSize?: number;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

/** What `detectModel` says of an opened checkpoint. */
export function describeCheckpoint(checkpoint: Checkpoint, imageSize?: number): ModelDescription {
  const { name, metadata } = checkpoint;
  return detectModel(checkpoint.tensors, { name, metadata, imageSize });
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
): AsyncGenerator<Uint8Array> {
  const { dtype, signal, onProgress } = options;
  const description = describeCheckpoint(checkpoint, options.imageSize);
  const isOurs = description.layout === 'canonical' && checkpoint.metadata['format'] === FORMAT;
  const metadata = {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify(description.config),
    source: (isOurs && checkpoint.metadata['source']) || checkpoint.name,
  };
  const sources = Array.from(canonicalTensors(checkpoint, description).values(), (tensor): TensorSource => {
    const { name, shape } = tensor;
    const bytes = (cancel?: AbortSignal) => encode(checkpoint.name, tensor, dtype, cancel);
    return { name, shape, dtype: dtype === 'f16' ? 'F16' : 'F32', bytes };
  });
  const total = safetensorsBytes(sources, metadata);
  let bytes = 0;
  for await (const chunk of writeSafetensors(sources, metadata, signal)) {
    bytes += chunk.byteLength;
    yield chunk;
    onProgress?.({ bytes, total });
  }
}

async function encode(
  file: string,
  tensor: StoredTensor,
  dtype: 'f32' | 'f16',
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const values = await tensor.readF32(signal);
  const refuse = (at: number, advice: string) =>
    new CheckpointError(`${file}: value ${at} of tensor "${tensor.name}" is ${values[at]}. ${advice}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw refuse(bad, 'Finite values were expected: the training that made it diverged.');
  if (dtype === 'f32') return littleEndian(values);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0; i < bits.length; i++) {
    const half = f16FromBits(bits[i] ?? 0);
    if ((half & 0x7c00) === 0x7c00) throw refuse(i, 'f16 ends at 65504: convert to f32.');
    bytes[2 * i] = half;
    bytes[2 * i + 1] = half >>> 8;
  }
  return bytes;
}
