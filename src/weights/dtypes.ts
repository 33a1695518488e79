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

/**
 * Number of elements of `shape`, or undefined when a side is no whole number of 0 or more, or when the
 * product leaves the integers that a double holds exactly.
 */
export function elementCount(shape: readonly number[]): number | undefined {
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
