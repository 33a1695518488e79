import { ShapeError } from '../errors.ts';

/** How each family brings pictures to the encoder's square, and masks back: system.md, "Preprocess". */
export type PictureFamily = 'sam' | 'sam2' | 'sam2rad';

/** A picture and the square that the encoder sees, in pixels. */
export interface PictureGeometry {
  readonly height: number;
  readonly width: number;
  /** S: side of the encoder's square. */
  readonly imageSize: number;
  readonly family: PictureFamily;
}

/** What one output of a resized axis mixes: `weights[i]` belongs to input `first + i`. */
export interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Taps of a whole axis as kernels read them: [outputs, 1 + taps], each row the first input and then the weights. */
export interface TapTable {
  readonly taps: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Bits after the point in Pillow's coefficients (Resample.c, PRECISION_BITS). */
export const PILLOW_BITS = 22;

/**
 * The picture's size inside the square: the longest side becomes S, the other is rounded as SAM's ResizeLongestSide
 * does; sam2 squashes both sides to S. A side that would round to 0 becomes 1, where the reference raises.
 */
export function resizedShape({ height, width, imageSize, family }: PictureGeometry): [number, number] {
  if (family === 'sam2') return [imageSize, imageSize];
  const scale = imageSize / Math.max(height, width);
  const resized = (side: number) => Math.max(1, Math.floor(side * scale + 0.5));
  return [resized(height), resized(width)];
}

/** PyTorch's bilinear `F.interpolate`, align_corners false, no antialias: two taps, whatever the scale. */
export function bilinearTaps(from: number, to: number): Taps[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(centre), from - 1);
    const fraction = centre - first;
    return first + 1 < from ? { first, weights: [1 - fraction, fraction] } : { first, weights: [1] };
  });
}

/** Bilinear with antialias, as Pillow's precompute_coeffs and PyTorch's upsample_bilinear2d_aa both define it. */
export function antialiasTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const triangle = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) / support)),
    );
    const sum = triangle.reduce((total, weight) => total + weight, 0);
    return { first, weights: triangle.map((weight) => weight / sum) };
  });
}

/** Pillow's 8-bit coefficients: integers with 22 bits after the point, exact in f32. */
export function pillowTaps(from: number, to: number): Taps[] {
  return antialiasTaps(from, to).map(({ first, weights }) => ({
    first,
    weights: weights.map((weight) => Math.trunc(0.5 + weight * 2 ** PILLOW_BITS)),
  }));
}

/** Two resizes as one: `outer` reads the outputs of `inner`. */
export function composeTaps(inner: readonly Taps[], outer: readonly Taps[]): Taps[] {
  return outer.map((taps) => {
    const parts = taps.weights.map((weight, i) => ({ weight, ...pick(inner, taps.first + i) }));
    const first = Math.min(...parts.map((part) => part.first));
    const end = Math.max(...parts.map((part) => part.first + part.weights.length));
    const weights = new Array<number>(end - first).fill(0);
    for (const { weight, first: from, weights: inside } of parts)
      inside.forEach((share, k) => {
        weights[from - first + k] = (weights[from - first + k] ?? 0) + weight * share;
      });
    return { first, weights };
  });
}

/** The way back of one axis: a low-resolution map of `low` outputs to `side` pixels of the picture. */
export function maskTaps(low: number, side: number, resized: number, { imageSize, family }: PictureGeometry) {
  if (family === 'sam2') return bilinearTaps(low, side);
  // Cropping the padding is what makes the outer resize read the first `resized` pixels alone.
  return composeTaps(bilinearTaps(low, imageSize), bilinearTaps(resized, side));
}

/**
 * A table whose rows all have the same number of taps, the longest's (`taps` of the result): none of these reaches past
 * the last of the `inputs`, so that a kernel need not clamp. With a larger `taps` zero weights follow.
 */
export function tapTable(axis: readonly Taps[], inputs: number, taps?: number): TapTable {
  const trimmed = axis.map(trim);
  const longest = trimmed.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const width = taps ?? longest;
  const values = new Float32Array(axis.length * (1 + width));
  trimmed.forEach(({ first, weights }, i) => {
    const start = Math.max(0, Math.min(first, inputs - longest));
    values[i * (1 + width)] = start;
    values.set(weights, i * (1 + width) + 1 + first - start);
  });
  return { taps: longest, values };
}

/** Without the zero weights at both ends. */
function trim({ first, weights }: Taps): Taps {
  const from = Math.max(
    0,
    weights.findIndex((weight) => weight !== 0),
  );
  const end = weights.findLastIndex((weight) => weight !== 0) + 1;
  return { first: first + from, weights: weights.slice(from, end) };
}

function pick(axis: readonly Taps[], at: number): Taps {
  const taps = axis[at];
  if (!taps) throw new ShapeError(`composeTaps: no output ${at} on an axis of ${axis.length}`);
  return taps;
}
