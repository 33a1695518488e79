/** How far a result may be from its definition. `why` says where the figures come from. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
  readonly why: string;
}

/** f32 sums of `terms` products: each rounding is 2^-24, and they grow like the square root of the length. */
export function sumTolerance(terms: number, scale = 1): Tolerance {
  const growth = 4 * Math.sqrt(terms) * 2 ** -24;
  return { rtol: 2 ** -20, atol: growth * scale, why: `f32 sum of ${terms} terms of size ${scale}` };
}

/**
 * Factors are uniform in -1 to 1, so a sum of k products has the deviation sqrt(k) / 3, and each addition rounds it by
 * 2^-24 / sqrt(3) of that: n 2^-24 / 7.3 together. Five of those pass what `sumTolerance` allows from some 90 terms on.
 */
export function longTolerance(terms: number): Tolerance {
  const usual = sumTolerance(terms);
  const atol = ((5 * terms) / 7.3) * 2 ** -24;
  return atol > usual.atol ? { ...usual, atol, why: `five deviations of a running sum of ${terms}` } : usual;
}

/** Throws with the worst element and by how many tolerances it is off. Anything not finite is wrong. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol, why }: Tolerance,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: got ${actual.length} values, expected ${expected.length}`);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] as number;
    const error = Math.abs((actual[i] as number) - want) / (atol + rtol * Math.abs(want));
    if (!(error <= worst)) {
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
      at = i;
    }
  }
  if (worst > 1)
    throw new Error(
      `${what}: element ${at} is ${actual[at]}, expected ${expected[at]}: ${worst.toFixed(1)} times the tolerance (rtol ${rtol}, atol ${atol}: ${why})`,
    );
}

/** Norm of the difference over the norm of the expected values. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] as number) - (expected[i] as number)) ** 2;
    norm += (expected[i] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Seeded values in [-1, 1): the same everywhere. */
export function randomValues(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}
