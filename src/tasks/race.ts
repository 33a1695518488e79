import { GpuError } from '../errors.ts';
import type { Dispatch } from '../graph/graph.ts';
import type { Stopwatch } from './stopwatch.ts';

const ROUNDS = 3;
/** A run that takes longer needs no second round: beside it noise is small. */
const LONG_MS = 6;
/** Who takes so many times as long as the fastest is in no further round. */
const HOPELESS = 1.5;

/** What a race asks and tells. */
export interface Rules {
  /** Whether there is no time left. @throws the signal's reason if it was aborted */
  readonly isOver: () => boolean;
  /** Is told which variant the device refuses, and why. */
  readonly refused: (variant: string, why: GpuError) => Promise<void>;
}

/**
 * The least time of each contestant, all of them in turns: a device that becomes faster or slower meanwhile favours
 * none. Of refused ones there is none; where that is the first one, of none, since the others have nothing to be compared
 * with.
 *
 * @returns nothing where time was up before all had all their rounds
 */
export async function race(
  stopwatch: Pick<Stopwatch, 'enter'>,
  contestants: ReadonlyMap<string, readonly Dispatch[]>,
  { isOver, refused }: Rules,
): Promise<ReadonlyMap<string, number> | undefined> {
  const attempt = async <T>(variant: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GpuError)) throw error;
      await refused(variant, error);
      return undefined;
    }
  };
  const entrants = new Map<string, () => Promise<number>>();
  let once = Number.POSITIVE_INFINITY;
  for (const [name, dispatches] of contestants) {
    if (isOver()) return undefined;
    const entrant = await attempt(name, () => stopwatch.enter(dispatches));
    if (entrant) {
      entrants.set(name, entrant.lap);
      once = Math.min(once, entrant.once);
    } else if (entrants.size === 0) return new Map();
  }
  const times = new Map<string, number>();
  for (let round = 0; round < (once > LONG_MS ? 1 : ROUNDS); round++) {
    const fastest = Math.min(...times.values());
    for (const [name, lap] of entrants) {
      if (isOver()) return undefined;
      const least = times.get(name) ?? Number.POSITIVE_INFINITY;
      if (least > HOPELESS * fastest) continue;
      const ms = await attempt(name, lap);
      if (ms !== undefined) times.set(name, Math.min(least, ms));
      else {
        entrants.delete(name);
        times.delete(name);
      }
    }
  }
  return times;
}
