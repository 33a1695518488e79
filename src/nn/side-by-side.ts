import type { Source } from '../graph/parameter.ts';
import type { Tensor } from '../graph/tensor.ts';
import { concat, packTaps, type Scope, transpose } from './scope.ts';

type Values = Float32Array;

/** A layer's weights as columns of a product's matrix. */
export interface LayerColumns {
  readonly weight: Source;
  readonly bias: Source;
  readonly inner: number;
  readonly cols: number;
  /** The checkpoint's values to [inner, cols] and [cols]. */
  readonly pack: (weight: Values) => Values;
  readonly packBias: (bias: Values) => Values;
}

/** nn.Linear's. */
export function linearColumns(scope: Scope, inner: number, cols: number): LayerColumns {
  return {
    weight: scope.source('weight', [cols, inner]),
    bias: scope.source('bias', [cols]),
    inner,
    cols,
    pack: (values) => transpose(values, cols, inner),
    packBias: (values) => values,
  };
}

/** Those of nn.ConvTranspose2d, 2 x 2 with stride 2: see `convTranspose2x2`. */
export function tapColumns(scope: Scope, inner: number, channels: number): LayerColumns {
  return {
    weight: scope.source('weight', [inner, channels, 2, 2]),
    bias: scope.source('bias', [channels]),
    inner,
    cols: 4 * channels,
    pack: (values) => packTaps(values, inner, channels),
    packBias: (values) => concat(values, values, values, values),
  };
}

/** Layers side by side as one matrix [inner, sum of cols]; below one of fewer inputs than others there are zeros. */
export function sideBySide(scope: Scope, name: string, layers: readonly LayerColumns[]): Tensor {
  const inner = Math.max(...layers.map((layer) => layer.inner));
  const cols = layers.reduce((sum, layer) => sum + layer.cols, 0);
  const sources = layers.map(({ weight }) => weight);
  return scope.matrix(name, [inner, cols], sources, (...values) => {
    const packed = new Float32Array(inner * cols);
    placeColumns(packed, cols, layers, values);
    return packed;
  });
}

/** Writes layers, one beside the other, into the rows of a matrix `cols` wide. */
export function placeColumns(
  packed: Values,
  cols: number,
  layers: readonly LayerColumns[],
  values: readonly Values[],
): void {
  let start = 0;
  layers.forEach((layer, i) => {
    const own = layer.pack(values[i] ?? new Float32Array());
    for (let row = 0; row < layer.inner; row++)
      packed.set(own.subarray(row * layer.cols, (row + 1) * layer.cols), row * cols + start);
    start += layer.cols;
  });
}

/** A vector of a checkpoint, or a layer's bias. */
export type VectorPart = Source | LayerColumns;

/** Vectors, one after the other: what a kernel adds and multiplies by, in one binding. */
export function vectorsOf(scope: Scope, name: string, parts: readonly VectorPart[]): Tensor {
  const layers = parts.map((part) => ('key' in part ? undefined : part));
  const sources = parts.map((part) => ('key' in part ? part : part.bias));
  const length = parts.reduce((sum, part) => sum + ('key' in part ? (part.shape[0] ?? 0) : part.cols), 0);
  return scope.derived(name, [length], sources, (...values) =>
    concat(...values.map((each, i) => layers[i]?.packBias(each) ?? each)),
  );
}

/** A norm's weight and bias. */
export const normVectors = (scope: Scope, channels: number): [Source, Source] => [
  scope.source('weight', [channels]),
  scope.source('bias', [channels]),
];
