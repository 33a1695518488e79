import { elementCount, littleEndian } from './dtypes.ts';
import { readFinite } from './finite.ts';
import type { StoredTensor } from './types.ts';
import type { TensorSource } from './write-safetensors.ts';

/** A tensor of the file as f32, bit for bit where it is f32 there. */
export function storedSource(file: string, name: string, tensor: StoredTensor): TensorSource {
  const bytes = async (signal?: AbortSignal) => littleEndian(await readFinite(file, tensor, signal));
  return { name, dtype: 'F32', shape: tensor.shape, bytes };
}

/** A tensor that holds one value everywhere. */
export function constantSource(name: string, shape: readonly number[], value: number): TensorSource {
  const bytes = async () => littleEndian(new Float32Array(elementCount(shape) ?? 0).fill(value));
  return { name, dtype: 'F32', shape, bytes };
}
