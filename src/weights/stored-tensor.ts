import { decodeF32 } from './dtypes.ts';
import type { StoredTensor, TensorInfo } from './types.ts';

/**
 * A tensor of a file, by what reads its values: see `StoredTensor.read`.
 * @param where the file and the tensor, for messages
 */
export function storedTensor(
  name: string,
  { dtype, shape }: TensorInfo,
  where: string,
  read: StoredTensor['read'],
): StoredTensor {
  return {
    name,
    dtype,
    shape,
    read,
    readF32: async (signal) => decodeF32(await read(signal), dtype, where),
  };
}
