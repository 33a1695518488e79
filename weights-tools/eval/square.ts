/** The square that the model sees: where the reference's training and its figures are measured. */
import type { BinaryMask } from '../../src/evaluation.ts';
import type { MaskResult, ModelConfig } from '../../src/index.ts';
import { resizedShape } from '../../src/ops/resize-tables.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The part of the square that a picture fills. */
export function sizeInSquare({ width, height }: Size, { imageSize, preprocess }: ModelConfig): Size {
  const [rows, cols] = resizedShape({ width, height, imageSize, family: preprocess });
  return { width: cols, height: rows };
}

/** Class numbers at another size: each pixel takes that of the pixel in which its centre lies. */
export function shrinkMap(classMap: Uint8Array, from: Size, to: Size): Uint8Array {
  return Uint8Array.from({ length: to.width * to.height }, (_, i) => {
    const x = Math.floor((((i % to.width) + 0.5) * from.width) / to.width);
    const y = Math.floor(((Math.floor(i / to.width) + 0.5) * from.height) / to.height);
    return classMap[y * from.width + x] ?? 0;
  });
}

/**
 * Logits [S/4, S/4] enlarged to S x S, bilinear between centres as PyTorch does with align_corners false, and cropped.
 */
export function enlargeLogits(low: Float32Array, imageSize: number, { width, height }: Size): Float32Array {
  const side = imageSize / 4;
  const at = (row: number, col: number) => low[row * side + col] ?? 0;
  const place = (i: number) => {
    const source = Math.max(0, (i + 0.5) / 4 - 0.5);
    const before = Math.floor(source);
    return { before, after: Math.min(side - 1, before + 1), share: source - before };
  };
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [place(i % width), place(Math.floor(i / width))];
    const top = at(y.before, x.before) * (1 - x.share) + at(y.before, x.after) * x.share;
    const bottom = at(y.after, x.before) * (1 - x.share) + at(y.after, x.after) * x.share;
    return top * (1 - y.share) + bottom * y.share;
  });
}

/**
 * The masks of a prediction in the square: where a logit is positive, of several classes the largest.
 * @param results one a class, of a prediction in auto mode (where an object score under 0 makes a mask empty), or one
 * alone of manual mode
 */
export function masksInSquare(
  results: readonly MaskResult[],
  imageSize: number,
  size: Size,
  isAuto: boolean,
): BinaryMask[] {
  const logits = results.map(({ lowResLogits }) => enlargeLogits(lowResLogits, imageSize, size));
  const counts = results.map(({ objectScore }) => !isAuto || objectScore === null || objectScore >= 0);
  return results.map((_, own) => ({
    ...size,
    data: Uint8Array.from({ length: size.width * size.height }, (_, i) => {
      const value = logits[own]?.[i] ?? 0;
      const isLargest = logits.every((other, at) => at === own || !counts[at] || (other[i] ?? 0) < value);
      return Number(counts[own] && value > 0 && isLargest);
    }),
  }));
}
