/** What the fused decoder's ops are made of, in f64 and a step at a time. */
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { randomValues, type Tolerance } from '../close.ts';
import { at, normalise } from './definitions.ts';
import { decoded } from './stored-cases.ts';

/** Rows of numbers. */
export type Rows = number[][];

export const rowsOf = (values: ArrayLike<number>, cols: number): Rows =>
  Array.from({ length: values.length / cols }, (_, row) =>
    Array.from({ length: cols }, (_, col) => at(values, row * cols + col)),
  );

/** x w, w given by its columns from `start` on, `cols` of `stride`. */
export function times(
  x: Rows,
  w: ArrayLike<number>,
  { stride, start = 0, cols }: { stride: number; start?: number; cols: number },
): Rows {
  return x.map((row) =>
    Array.from({ length: cols }, (_, col) =>
      row.reduce((sum, value, k) => sum + value * at(w, k * stride + start + col), 0),
    ),
  );
}

/** Both, element by element; a vector is added to every row. */
export const plus = (x: Rows, other: Rows | ArrayLike<number>): Rows =>
  x.map((row, r) =>
    row.map((value, c) => {
      const own = other[r] as number | number[] | undefined;
      return value + (Array.isArray(own) ? at(own, c) : at(other as ArrayLike<number>, c));
    }),
  );

export const norms = (x: Rows, weight: ArrayLike<number>, bias: ArrayLike<number>, eps: number): Rows =>
  x.map((row) => normalise(row, weight, bias, eps));

export const relu = (x: Rows): Rows => x.map((row) => row.map((value) => Math.max(0, value)));

/** Parts of an attention, [chunks, tokens, heads, headDim + 4], as softmax over all chunks: [tokens, heads headDim]. */
export function merged(
  look: ArrayLike<number>,
  [chunks, tokens, heads, headDim]: readonly [number, number, number, number],
): Rows {
  const part = (s: number, n: number, h: number, c: number) =>
    at(look, ((s * tokens + n) * heads + h) * (headDim + 4) + c);
  return Array.from({ length: tokens }, (_, n) =>
    Array.from({ length: heads * headDim }, (_, at) => {
      const [h, c] = [Math.floor(at / headDim), at % headDim];
      let [sum, weights] = [0, 0];
      for (let s = 0; s < chunks; s++) {
        sum += Math.exp(part(s, n, h, headDim)) * part(s, n, h, c);
        weights += Math.exp(part(s, n, h, headDim)) * part(s, n, h, headDim + 1);
      }
      return sum / weights;
    }),
  );
}

/** Parts as a kernel would leave them: any tops, weights from 1 on. */
export function randomLook(
  [chunks, tokens, heads, headDim]: readonly [number, number, number, number],
  seed: number,
): Float32Array<ArrayBuffer> {
  return randomValues(chunks * tokens * heads * (headDim + 4), seed).map((value, i) => {
    const c = i % (headDim + 4);
    return c === headDim ? 5 * value : c === headDim + 1 ? 2 + value : c > headDim ? 0 : value;
  });
}

/** A matrix in the graph's storage, small enough that rows of some hundred stay near 1, and what its bytes say. */
export function matrix(
  g: Graph,
  name: string,
  shape: readonly number[],
  seed: number,
): { readonly tensor: Tensor; readonly values: Float64Array } {
  const inner = shape.at(-2) ?? 1;
  const size = shape.reduce((product, side) => product * side, 1);
  const values = randomValues(size, seed).map((value) => (2 * value) / Math.sqrt(inner));
  const tensor = g.matrix(name, shape, [], () => values);
  return { tensor, values: decoded(tensor, values) };
}

/**
 * Of a chain of sums and norms whose values stay below `size`: each sum is rounded as `sumTolerance` says, and a norm
 * divides what came before by a deviation of at least a quarter.
 */
export function chainTolerance(sums: readonly number[], size: number): Tolerance {
  const rounding = sums.reduce((error, terms) => 4 * error + 4 * Math.sqrt(terms) * 2 ** -24, 0);
  return {
    rtol: 2 ** -20,
    atol: size * rounding,
    why: `sums of ${sums.join(', ')} terms one after the other, values up to ${size}, deviations from 1/4`,
  };
}
