/** Timing that survives a loaded machine: contestants take turns, and medians are compared. */

/** What is quoted of a measurement that was repeated: the middle, and between which values half of the rounds lie. */
export interface Spread {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly rounds: number;
}

/** Milliseconds of each round, and what is quoted of them. */
export interface Timing extends Omit<Spread, 'rounds'> {
  readonly min: number;
  readonly max: number;
  readonly rounds: readonly number[];
}

/** The value below which this share of `sorted` lies; between two of them, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (at - Math.floor(at)) * (above - below);
}

export function summarise(rounds: readonly number[]): Timing {
  const sorted = [...rounds].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    rounds,
  };
}

export function spread(rounds: readonly number[]): Spread {
  const { median, q1, q3 } = summarise(rounds);
  return { median, q1, q3, rounds: rounds.length };
}

/** Something to be timed; it returns when its result is there. */
export type Contestant = () => Promise<unknown>;

/** How often all take their turn. */
export interface Turns {
  readonly rounds: number;
  readonly warmUp?: number;
  /** So long after the warm-up no further round begins; one is always run. */
  readonly budgetMs?: number;
  /** A turn is repeated until it took so long, at most 8 times: what is short gets more rounds, not more time. */
  readonly turnMs?: number;
  /** Is told who is next. */
  readonly onTurn?: (name: string, round: number) => void;
}

const MOST_LAPS = 8;

/**
 * Runs every contestant once to warm up, then all in turn, so that a machine that slows down in the middle slows them
 * all.
 */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  { rounds, warmUp = 1, budgetMs = Number.POSITIVE_INFINITY, turnMs = 0, onTurn = () => {} }: Turns,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(contestants) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  let begin = performance.now();
  for (let round = -warmUp; round < rounds; round++) {
    if (round === 0) begin = performance.now();
    if (round > 0 && performance.now() - begin > budgetMs) break;
    for (const name of names) {
      onTurn(name, round);
      let spent = 0;
      for (let lap = 0; lap === 0 || (spent < turnMs && lap < MOST_LAPS); lap++) {
        const start = performance.now();
        await contestants[name]();
        const ms = performance.now() - start;
        spent += ms;
        if (round >= 0) times.get(name)?.push(ms);
      }
    }
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
