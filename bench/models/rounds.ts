/** How often calls are repeated. */
export interface Turns {
  readonly rounds: number;
  /** After so long no further round of a kind begins. */
  readonly budgetMs: number;
}

/** On a GPU rounds go on for so long: its clock rises with load, and a few calls of some ms are over before. */
const IN_A_ROW_MS = 1500;
const MOST_ROUNDS = 200;

/**
 * What warm calls take, in a row and after the first one. Of a GPU's the later half counts: what the others raised the
 * clock for. A software adapter has no clock to raise and takes seconds a call: all of its rounds count.
 *
 * @param round is told which it is, from 0
 */
export async function inARow<T>(
  { rounds, budgetMs }: Turns,
  software: boolean,
  round: (index: number) => Promise<T>,
): Promise<readonly T[]> {
  const laps: T[] = [];
  const begin = performance.now();
  for (let spent = 0; ; spent = performance.now() - begin) {
    const few = laps.length < rounds || (!software && spent < IN_A_ROW_MS && laps.length < MOST_ROUNDS);
    if (laps.length > 0 && (!few || spent >= budgetMs)) break;
    laps.push(await round(laps.length));
  }
  return software ? laps : laps.slice(Math.floor(laps.length / 2));
}
