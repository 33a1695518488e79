import type { Tensor } from './tensor.ts';

/** One tensor of a checkpoint, by its canonical name and PyTorch shape. */
export interface Source {
  readonly key: string;
  readonly shape: readonly number[];
}

/**
 * A tensor that a model needs before it runs: weights in the layout that the kernels read, or a constant
 * computed from them (position tables). `pack` gets the sources' values in order and returns the tensor's, as f32
 * whatever the tensor's element type.
 */
export interface Parameter {
  readonly tensor: Tensor;
  readonly sources: readonly Source[];
  readonly pack: (values: readonly Float32Array[]) => Float32Array;
}
