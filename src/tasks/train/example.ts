/** Masks of this many pixels or fewer count as empty: they train the object score alone (train.py). */
export const EMPTY_PIXELS = 10;
/** What an object score's label is moved by towards the middle, on either side. */
const SMOOTHING = 0.1;

/** A picture as a step sees it: what the encoder left of it (or takes in), and what is true of it. */
export interface TrainingExample {
  /** The maps of `featureMaps` in order; where the encoder learns, the picture itself, [S, S, 4]. */
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
  /** [S, S] class numbers: 0 is background. */
  readonly labels: Uint8Array;
}

/** x0, y0, x1, y1: the first and last column and row of a mask, in pixels (datasets/main.py, `masks_to_boxes`). */
export type PixelBox = readonly [number, number, number, number];

/** What is true of one class in one picture. */
export interface ClassTruth {
  /** [S, S]: 0 or 1 */
  readonly mask: Float32Array<ArrayBuffer>;
  /** Of the mask; zeros where it counts as empty. */
  readonly box: PixelBox;
  readonly empty: boolean;
}

export function truthOf(labels: Uint8Array, side: number, classNumber: number): ClassTruth {
  const mask = new Float32Array(side * side);
  let [pixels, left, top, right, bottom] = [0, side, side, -1, -1];
  labels.forEach((label, i) => {
    if (label !== classNumber) return;
    mask[i] = 1;
    pixels += 1;
    const [x, y] = [i % side, Math.floor(i / side)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  const empty = pixels <= EMPTY_PIXELS;
  return { mask, box: empty ? [0, 0, 0, 0] : [left, top, right, bottom], empty };
}

/**
 * What each class of each picture of a batch counts in the means, [classes, 4] a picture: in the mask losses and in the
 * box loss (non-empty masks alone), the smoothed label of the object score, and what that counts.
 */
export function supervisionOf(batch: readonly (readonly ClassTruth[])[]): Float32Array<ArrayBuffer>[] {
  const all = batch.flat();
  const filled = all.filter(({ empty }) => !empty).length;
  return batch.map((classes) =>
    Float32Array.from(
      classes.flatMap(({ empty }) => [
        // The reference's own guard against a batch of empty masks.
        empty ? 0 : 1 / (filled + 1e-6),
        empty ? 0 : 1 / filled,
        (empty ? 0 : 1 - SMOOTHING) + SMOOTHING / 2,
        1 / all.length,
      ]),
    ),
  );
}

/** A mask at a quarter of its side, as a prompt: bilinear without antialias, so that the middle four of sixteen count. */
export function quarterMask(mask: Float32Array, side: number): Float32Array<ArrayBuffer> {
  const small = side / 4;
  return Float32Array.from({ length: small * small }, (_, i) => {
    const first = (4 * Math.floor(i / small) + 1) * side + 4 * (i % small) + 1;
    const at = (offset: number) => mask[first + offset] ?? 0;
    return (at(0) + at(1) + at(side) + at(side + 1)) / 4;
  });
}
