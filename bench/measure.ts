/** Timing that survives a loaded machine: contestants take turns, and medians are compared. */

/** Milliseconds of each round, and what is quoted of them. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: readonly number[];
}

export function summarise(rounds: readonly number[]): Timing {
  const sorted = [...rounds].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const middle = sorted.length % 2 ? at(0.5) : (at(0.5) + (sorted[sorted.length / 2 - 1] ?? 0)) / 2;
  return { median: middle, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, rounds };
}

/** Something to be timed; it returns when its result is there. */
export type Contestant = () => Promise<unknown>;

/**
 * Runs every contestant once to warm up, then all in turn, `rounds` times, so that a machine that slows down in the
 * middle slows them all.
 */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  rounds: number,
  warmUp = 1,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(contestants) as Name[];
  for (let i = 0; i < warmUp; i++) for (const name of names) await contestants[name]();
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let i = 0; i < rounds; i++)
    for (const name of names) {
      const start = performance.now();
      await contestants[name]();
      times.get(name)?.push(performance.now() - start);
    }
  return Object.fromEntries(names.map((name) => [name, summarise(times.get(name) ?? [])])) as Record<
    Name,
    Timing
  >;
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
