import { kindOf, Sam2RadError } from '../../errors.ts';

/** Millimetres (or any unit) from one pixel's centre to the next, across and down. */
export type Spacing = readonly [x: number, y: number];

/** Distances in pixels. */
export const PIXELS: Spacing = [1, 1];

/** @throws Sam2RadError for what is not two finite numbers above 0 */
export function checkSpacing(spacing: Spacing): void {
  const isFine = Array.isArray(spacing) && spacing.length === 2 && spacing.every(isStep);
  if (isFine) return;
  const got = Array.isArray(spacing) ? `[${spacing.join(', ')}]` : kindOf(spacing);
  throw new Sam2RadError(
    `spacing: got ${got}, expected [x, y], two finite numbers above 0 from one pixel to the next; leave it out for pixels`,
  );
}

const isStep = (value: unknown) => Number.isFinite(value) && Number(value) > 0;

/**
 * The squared distance of each pixel's centre to that of the nearest marked pixel, exact but for rounding: the lower
 * envelope of parabolas, first along columns, then along rows (Felzenszwalb and Huttenlocher, Distance Transforms of
 * Sampled Functions, Theory of Computing 8, 2012). Linear in the number of pixels.
 * @param marked width * height bytes, row by row; not 0 is marked
 * @param spacing both above 0
 * @returns width * height squared distances in the unit of `spacing`; all Infinity where nothing is marked
 * @throws Sam2RadError as `checkSpacing`
 */
export function squaredDistances(
  marked: Uint8Array,
  width: number,
  height: number,
  spacing: Spacing = PIXELS,
): Float64Array {
  checkSpacing(spacing);
  const squares = new Float64Array(width * height);
  for (let i = 0; i < squares.length; i++) squares[i] = marked[i] ? 0 : Number.POSITIVE_INFINITY;
  const [stepX, stepY] = spacing;
  const envelope = new Envelope(Math.max(width, height));
  for (let x = 0; x < width; x++) envelope.transform(squares, x, width, height, stepY);
  for (let y = 0; y < height; y++) envelope.transform(squares, y * width, 1, width, stepX);
  return squares;
}

/** The lower envelope of parabolas (x - step * i)^2 + values[i], with its working memory. */
class Envelope {
  /** Which sample each parabola of the envelope belongs to, from left to right. */
  readonly #samples: Int32Array;
  /** Where each parabola begins to be the lowest. */
  readonly #starts: Float64Array;
  readonly #values: Float64Array;

  constructor(longest: number) {
    this.#samples = new Int32Array(longest);
    this.#starts = new Float64Array(longest);
    this.#values = new Float64Array(longest);
  }

  /** Replaces `count` values, `stride` apart from `first` on, by the envelope at their places. */
  transform(data: Float64Array, first: number, stride: number, count: number, step: number): void {
    const samples = this.#samples;
    const starts = this.#starts;
    const values = this.#values;
    let last = -1;
    for (let i = 0; i < count; i++) {
      const value = data[first + i * stride] ?? 0;
      values[i] = value;
      // A parabola at infinity is never the lowest.
      if (value === Number.POSITIVE_INFINITY) continue;
      let start = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        start = this.#crossing(samples[last] ?? 0, i, step);
        if (start > (starts[last] ?? 0)) break;
        last -= 1;
      }
      if (last < 0) start = Number.NEGATIVE_INFINITY;
      last += 1;
      samples[last] = i;
      starts[last] = start;
    }
    if (last < 0) return;
    let at = 0;
    for (let i = 0; i < count; i++) {
      while (at < last && (starts[at + 1] ?? 0) < i * step) at += 1;
      const sample = samples[at] ?? 0;
      const away = (i - sample) * step;
      data[first + i * stride] = away * away + (values[sample] ?? 0);
    }
  }

  /** Where the parabolas of samples i < j are equally high. */
  #crossing(i: number, j: number, step: number): number {
    const [x, y] = [i * step, j * step];
    const [a, b] = [this.#values[i] ?? 0, this.#values[j] ?? 0];
    return (b + y * y - a - x * x) / (2 * (y - x));
  }
}
