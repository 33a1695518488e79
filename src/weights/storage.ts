import { CheckpointError } from '../errors.ts';
import { elementBytes, elementCount, shapeText } from './dtypes.ts';
import { storedTensor } from './stored-tensor.ts';
import type { DType, StoredTensor } from './types.ts';

/** A run of bytes in a file that tensors look into. `read` takes offsets in bytes from its start. */
export interface Storage {
  /** Its length in bytes. */
  readonly bytes: number;
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A tensor as a strided window into a storage; offset and strides count elements. */
export interface View {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Strides of a contiguous tensor, in elements. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides.unshift(stride);
    stride *= Math.max(shape[axis] ?? 1, 1);
  }
  return strides;
}

/** One past the last element that the view touches, relative to its offset; 0 for an empty view. */
export function extent(view: View): number {
  let last = 0;
  for (const [axis, side] of view.shape.entries()) {
    if (side === 0) return 0;
    last += (side - 1) * (view.strides[axis] ?? 0);
  }
  return last + 1;
}

/**
 * A tensor that reads `view` out of `storage`.
 * @param file the file's name, for messages
 * @throws CheckpointError when the view has a bad size or stride, or leaves its storage. It may repeat elements
 * (stride 0): whoever opens a file of such views bounds that for all of them
 */
export function viewTensor(file: string, name: string, view: View, storage: Storage): StoredTensor {
  const where = `${file}: tensor "${name}"`;
  const advice = 'The file is damaged or was made by hand; export it again with torch.save.';
  const count = elementCount(view.shape);
  if (count === undefined) {
    throw new CheckpointError(`${where} has the impossible shape ${shapeText(view.shape)}. ${advice}`);
  }
  const whole = [view.offset, ...view.strides].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!whole || view.strides.length !== view.shape.length) {
    throw new CheckpointError(
      `${where} has offset ${view.offset} and strides ${shapeText(view.strides)} for shape ${shapeText(view.shape)}; expected one stride a side, none negative. ${advice}`,
    );
  }
  const size = elementBytes[view.dtype];
  const end = (view.offset + extent(view)) * size;
  if (count > 0 && !(end <= storage.bytes)) {
    throw new CheckpointError(
      `${where} of shape ${shapeText(view.shape)} ends at byte ${end} of its storage, which has ${storage.bytes}. ${advice}`,
    );
  }
  return storedTensor(name, view, where, (signal) => materialise(view, storage, signal));
}

async function materialise(
  view: View,
  storage: Storage,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const span = extent(view);
  if (span === 0) return new Uint8Array(0);
  const size = elementBytes[view.dtype];
  const source = await storage.read(view.offset * size, (view.offset + span) * size, signal);
  const dense = contiguousStrides(view.shape);
  const isDense = view.shape.every((side, axis) => side === 1 || view.strides[axis] === dense[axis]);
  return isDense ? source : gather(view, source, size);
}

/** Copies the view's elements, row-major, out of bytes that start at its first element. */
function gather(view: View, source: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const count = elementCount(view.shape) ?? 0;
  const out = new Uint8Array(count * size);
  const index = view.shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.byteLength; to += size) {
    for (let b = 0; b < size; b++) out[to + b] = source[from + b] ?? 0;
    // Count up like an odometer, the last axis fastest.
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const stride = (view.strides[axis] ?? 0) * size;
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      if (next < (view.shape[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      from -= stride * next;
      index[axis] = 0;
    }
  }
  return out;
}
