import { ShapeError } from '../errors.ts';
import type { WeightStorage } from '../gpu/kernel.ts';

/** Where a tensor's values come from. */
export type TensorKind =
  /** Written by the recording; its buffer is planned. */
  | 'activation'
  /** Written before each run, or kept from another stage: the owner binds a buffer. */
  | 'external'
  /** Weights or constants derived from them: loaded once a model. */
  | 'parameter';

/**
 * A name, a shape and an element type: no memory. Values are row-major, the last axis dense.
 * Feature maps are [height, width, channels] or [tokens, channels]. Only matrices, which a product reads as `w`, may
 * be f16 or q8; everything else has 4 bytes an element.
 */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightStorage | 'u32';
  readonly kind: TensorKind;
  /** What the columns of a q8 matrix are multiplied by: [cols], or [batch, cols] for three axes. */
  readonly scale?: Tensor;
}

/** WebGPU's default limit of one storage binding: no tensor may be larger. */
export const MAX_BINDING_BYTES = 2 ** 27;

const ELEMENT_BYTES: Readonly<Record<Tensor['dtype'], number>> = { f32: 4, u32: 4, f16: 2, q8: 1 };

/** Number of elements. */
export function sizeOf(tensor: Tensor): number {
  return tensor.shape.reduce((product, length) => product * length, 1);
}

export function bytesOf(tensor: Tensor): number {
  return sizeOf(tensor) * ELEMENT_BYTES[tensor.dtype];
}

/** The tensor, and where it is a q8 matrix its scale: what has buffers of its own. */
export function buffersOf(tensor: Tensor): Tensor[] {
  return tensor.scale ? [tensor, tensor.scale] : [tensor];
}

/** The storage of a matrix. */
export function storageOf({ dtype }: Tensor): WeightStorage {
  return dtype === 'u32' ? 'f32' : dtype;
}

/** Length of the last axis: the channels of a feature map, the columns of a matrix. */
export function columnsOf(tensor: Tensor): number {
  return tensor.shape.at(-1) ?? 1;
}

/** Everything but the last axis, as one: the tokens of a feature map, the rows of a matrix. */
export function rowsOf(tensor: Tensor): number {
  return sizeOf(tensor) / columnsOf(tensor);
}

/** @throws ShapeError unless `tensor` has this shape; -1 stands for any length. */
export function expectShape(op: string, tensor: Tensor, shape: readonly number[]): void {
  const fits =
    tensor.shape.length === shape.length &&
    shape.every((length, i) => length === -1 || length === tensor.shape[i]);
  if (!fits)
    throw new ShapeError(
      `${op}: '${tensor.name}' has shape [${tensor.shape}], expected [${shape.map((n) => (n < 0 ? '?' : n))}]`,
    );
}

/** @throws ShapeError unless `condition`; `detail` says what was got and expected. */
export function expect(condition: boolean, op: string, detail: () => string): asserts condition {
  if (!condition) throw new ShapeError(`${op}: ${detail()}`);
}
