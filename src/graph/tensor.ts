import { ShapeError } from '../errors.ts';

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
 * Feature maps are [height, width, channels] or [tokens, channels]; elements take 4 bytes.
 */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'u32';
  readonly kind: TensorKind;
}

/** WebGPU's default limit of one storage binding: no tensor may be larger. */
export const MAX_BINDING_BYTES = 2 ** 27;

/** Number of elements. */
export function sizeOf(tensor: Tensor): number {
  return tensor.shape.reduce((product, length) => product * length, 1);
}

export function bytesOf(tensor: Tensor): number {
  return sizeOf(tensor) * 4;
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
