import { CheckpointError } from '../errors.ts';
import { f16Table } from './half.ts';
import type { DType } from './types.ts';

/** Bytes of one element. */
export const elementBytes: Readonly<Record<DType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

export function isDType(name: string): name is DType {
  return Object.hasOwn(elementBytes, name);
}

/** PyTorch allows 64 sides; no weight has more than 5. A list of millions must not cost us. */
export const MAX_RANK = 16;

/**
 * Number of elements of `shape`, or undefined when a side is no whole number of 0 or more, when there are
 * more than 16, or when the product leaves the integers that a double holds exactly.
 */
export function elementCount(shape: readonly number[]): number | undefined {
  if (shape.length > MAX_RANK) return undefined;
  let count = 1;
  let empty = false;
  for (const side of shape) {
    if (!Number.isSafeInteger(side) || side < 0) return undefined;
    if (side === 0) empty = true;
    else count *= side;
    if (count > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return empty ? 0 : count;
}

/** True on every machine that WebGPU runs on; the other way is slower and as right. */
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The bytes of f32 values in the files' order. On little-endian machines they share memory with `values`. */
export function littleEndian(values: Float32Array): Uint8Array<ArrayBuffer> {
  // Nothing of ours is shared between threads, which the types of arrays leave open.
  const buffer = values.buffer as ArrayBuffer;
  if (isLittleEndian) return new Uint8Array(buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * 4, value, true);
  return bytes;
}

/** "[2, 3]", for messages; long shapes are cut. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
}

/**
 * Little-endian bytes of a floating-point tensor as f32.
 * @param where "file: tensor" for the message
 * @throws CheckpointError when `dtype` is no float type
 */
export function decodeF32(bytes: Uint8Array, dtype: DType, where: string): Float32Array {
  const count = bytes.byteLength / elementBytes[dtype];
  // A read's bytes are nobody else's, so that they may become the values.
  if (dtype === 'F32' && isLittleEndian && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  switch (dtype) {
    case 'F32':
      for (let i = 0; i < count; i++) values[i] = view.getFloat32(i * 4, true);
      return values;
    case 'F16': {
      const table = f16Table();
      // The table has an entry for each u16, so the fallback is never taken; it satisfies the compiler only.
      for (let i = 0; i < count; i++) values[i] = table[view.getUint16(i * 2, true)] ?? 0;
      return values;
    }
    case 'BF16': {
      // A bfloat16 is the upper half of an f32.
      const words = new Uint32Array(values.buffer);
      for (let i = 0; i < count; i++) words[i] = view.getUint16(i * 2, true) << 16;
      return values;
    }
    case 'F64':
      for (let i = 0; i < count; i++) values[i] = view.getFloat64(i * 8, true);
      return values;
    default:
      throw new CheckpointError(`${where} has type ${dtype}; a model's weights are F64, F32, F16 or BF16.`);
  }
}
