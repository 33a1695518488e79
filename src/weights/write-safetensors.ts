import { CheckpointError, kindOf } from '../errors.ts';
import { elementBytes, elementCount } from './dtypes.ts';
import type { DType } from './types.ts';

/** A tensor to be written: its values are made when its turn comes. */
export interface TensorSource {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Contiguous little-endian values, row-major. */
  bytes(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

const bytesOf = ({ dtype, shape }: TensorSource) => (elementCount(shape) ?? 0) * elementBytes[dtype];

/** The header with its length before it, padded with spaces so that the values start at a multiple of 8. */
function encodeHeader(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string')
      throw new CheckpointError(
        `the metadata '${key}' of a safetensors file is ${kindOf(value)}, expected a text; give String(value) or JSON.stringify(value)`,
      );
  }
  // Joined by hand: an object would move keys that look like numbers to the front.
  const fields = [`"__metadata__":${JSON.stringify(metadata)}`];
  let at = 0;
  for (const tensor of tensors) {
    const end = at + bytesOf(tensor);
    const { name, dtype, shape } = tensor;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, end] })}`);
    at = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

/** Length in bytes of the file that `writeSafetensors` yields. */
export function safetensorsBytes(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
): number {
  return tensors.reduce((sum, tensor) => sum + bytesOf(tensor), encodeHeader(tensors, metadata).byteLength);
}

/**
 * Yields a safetensors file: the header, then one chunk a tensor, in the order given. At most one tensor is
 * in memory.
 * @throws CheckpointError before the first chunk for metadata that are no texts or a name that comes twice, and later
 * when a source yields other than shape x type bytes; the signal's reason when cancelled. What was yielded before is then
 * no valid file: write it aside, rename last.
 */
export async function* writeSafetensors(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const names = new Set(tensors.map(({ name }) => name));
  if (names.size !== tensors.length) {
    throw new CheckpointError('writeSafetensors got a tensor name twice; names must differ.');
  }
  yield encodeHeader(tensors, metadata);
  for (const tensor of tensors) {
    signal?.throwIfAborted();
    const bytes = await tensor.bytes(signal);
    if (bytes.byteLength !== bytesOf(tensor)) {
      throw new CheckpointError(
        `writeSafetensors got ${bytes.byteLength} bytes for "${tensor.name}", expected ${bytesOf(tensor)}.`,
      );
    }
    if (bytes.byteLength > 0) yield bytes;
  }
}
