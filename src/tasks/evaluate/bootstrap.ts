import { Sam2RadError } from '../../errors.ts';
import { randomStream } from './random.ts';
import { percentile } from './surface.ts';

/** Values of one case, one a series, finite; null where a series has none there. */
export interface Observation {
  /** What was drawn together: a patient. Groups are independent of each other, cases of a group are not. */
  readonly group: string;
  readonly values: readonly (number | null)[];
}

/** A mean over cases and how sure it is. */
export interface Estimate {
  /** Null where no case has a value. */
  readonly mean: number | null;
  /** Bounds of the 95 % bootstrap interval; null with fewer than two groups, which say nothing about others. */
  readonly ci95: readonly [low: number, high: number] | null;
  /** Values in the mean. */
  readonly n: number;
}

export interface BootstrapOptions {
  /** 5000 unless given, at least 2000, a whole number. */
  readonly resamples?: number | undefined;
  /** A whole number, 0 unless given. */
  readonly seed?: number | undefined;
}

const RESAMPLES = 5000;
const LEAST_RESAMPLES = 2000;

/** Sums and counts of one group, series by series. */
interface GroupSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/**
 * Means of each series over the cases, and last the mean of these means, with 95 % percentile intervals of a bootstrap
 * that draws whole groups with replacement (Field and Welsh, JRSS B 2007). All series of a resample share its draw.
 * @throws Sam2RadError for fewer than 2000 resamples, a seed that is no whole number, and a value that is not finite
 */
export function estimate(
  observations: readonly Observation[],
  series: number,
  { resamples = RESAMPLES, seed = 0 }: BootstrapOptions = {},
): { readonly series: Estimate[]; readonly overall: Estimate } {
  if (!(Number.isSafeInteger(resamples) && resamples >= LEAST_RESAMPLES))
    throw new Sam2RadError(
      `resamples: got ${resamples}, expected a whole number of at least ${LEAST_RESAMPLES}; leave it out for ${RESAMPLES}`,
    );
  if (!Number.isInteger(seed))
    throw new Sam2RadError(`seed: got ${seed}, expected a whole number, such as 0`);
  const groups = sumGroups(observations, series);
  const all = groups.map((_, index) => index);
  const point = means(groups, all, series);
  const drawn: number[][] = Array.from({ length: series + 1 }, () => []);
  const random = randomStream(seed);
  for (let i = 0; groups.length > 1 && i < resamples; i++) {
    const draw = groups.map(() => Math.floor(random() * groups.length));
    means(groups, draw, series).forEach((mean, at) => {
      // A resample without any case of a series says nothing about it.
      if (mean !== null) drawn[at]?.push(mean);
    });
  }
  const counts = Array.from({ length: series }, (_, at) =>
    groups.reduce((sum, group) => sum + (group.counts[at] ?? 0), 0),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  const estimates = point.map((mean, at): Estimate => {
    const values = drawn[at] ?? [];
    const ci95 = values.length > 0 ? ([percentile(values, 0.025), percentile(values, 0.975)] as const) : null;
    return { mean, ci95, n: counts[at] ?? total };
  });
  const overall = estimates.pop() ?? { mean: null, ci95: null, n: 0 };
  return { series: estimates, overall };
}

function sumGroups(observations: readonly Observation[], series: number): GroupSums[] {
  const groups = new Map<string, GroupSums>();
  for (const { group, values } of observations) {
    const own = groups.get(group) ?? { sums: new Float64Array(series), counts: new Float64Array(series) };
    groups.set(group, own);
    values.forEach((value, at) => {
      if (value === null) return;
      if (!Number.isFinite(value))
        throw new Sam2RadError(
          `a case of group '${group}' has ${value} for series ${at + 1}, expected a finite number; give null where there is none`,
        );
      own.sums[at] = (own.sums[at] ?? 0) + value;
      own.counts[at] = (own.counts[at] ?? 0) + 1;
    });
  }
  return [...groups.values()];
}

/** The mean of each series over the chosen groups, and last the mean of those that have one. */
function means(groups: readonly GroupSums[], chosen: readonly number[], series: number): (number | null)[] {
  const result: (number | null)[] = [];
  let [total, defined] = [0, 0];
  for (let at = 0; at < series; at++) {
    let [sum, count] = [0, 0];
    for (const index of chosen) {
      sum += groups[index]?.sums[at] ?? 0;
      count += groups[index]?.counts[at] ?? 0;
    }
    result.push(count > 0 ? sum / count : null);
    if (count === 0) continue;
    total += sum / count;
    defined += 1;
  }
  return [...result, defined > 0 ? total / defined : null];
}
