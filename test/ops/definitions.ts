import type { TunedKernels } from '../../src/graph/graph.ts';
/** Definitions in f64 that several ops share. */

/** Exact GELU: v * Phi(v), with the series of erf; beyond 6 Phi is 0 or 1 to f64's last digits. */
export function gelu(v: number): number {
  if (Math.abs(v) > 6) return Math.max(v, 0);
  let term = v / Math.SQRT2;
  let sum = term;
  for (let n = 1; n < 160; n++) {
    term *= -(v * v) / 2 / n;
    sum += term / (2 * n + 1);
  }
  return (v / 2) * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}

/** One row, normalised to mean 0 and variance 1 (biased), then scaled and shifted. */
export function normalise(
  row: readonly number[],
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  eps: number,
): number[] {
  const mean = row.reduce((sum, v) => sum + v, 0) / row.length;
  const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
  return row.map((v, c) => ((v - mean) / Math.sqrt(variance + eps)) * at(weight, c) + at(bias, c));
}

/** An element that must be there. */
export function at(values: ArrayLike<number>, i: number): number {
  const value = values[i];
  if (value === undefined) throw new Error(`index ${i} is outside of ${values.length} values`);
  return value;
}

/** The pixels, in order, of the [2h, 2w, C] map whose pixel (2 r + dy, 2 q + dx) is in x [h, w, (dy, dx, C)]. */
export function shuffled(x: ArrayLike<number>, height: number, width: number, channels: number): number[][] {
  const pixels: number[][] = [];
  for (let r = 0; r < height; r++)
    for (let q = 0; q < width; q++)
      for (const [dy, dx] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const) {
        const base = ((r * width + q) * 4 + dy * 2 + dx) * channels;
        pixels[(2 * r + dy) * 2 * width + 2 * q + dx] = Array.from({ length: channels }, (_, c) =>
          at(x, base + c),
        );
      }
  return pixels;
}

/** Chooses a variant for every size; where there is none of this name, the default stays. */
export function everywhere(variant: string): TunedKernels {
  return new Proxy<Record<string, string>>({}, { get: () => variant });
}
