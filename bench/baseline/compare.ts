/** Whether a kernel became less efficient than it was, beyond what the measuring itself scatters. */
import type { KernelRow } from '../census/measure.ts';
import type { Clock } from '../lab/lab.ts';
import type { Spread } from '../measure.ts';
import type { Provenance } from '../report.ts';

/** What is compared of a kernel that was measured. */
export type MeasuredKernel = Pick<KernelRow, 'key' | 'kernel' | 'shape' | 'ofRoof'>;

/** What is kept of a kernel: its share of its roof in each run. */
export interface KeptKernel extends Omit<MeasuredKernel, 'ofRoof'> {
  readonly runs: readonly Spread[];
}

/** The efficiencies of some runs on one adapter and runtime, for later runs to be held to. */
export interface Baseline extends Provenance {
  readonly clock: Clock;
  readonly kernels: readonly KeptKernel[];
}

/** A kernel whose share of its roof fell. */
export interface Loss {
  readonly key: string;
  readonly kernel: string;
  readonly shape: string;
  /** The mean of the baseline's runs. */
  readonly was: number;
  readonly is: Spread;
  /** A fall of this much says nothing. */
  readonly noise: number;
}

export interface Verdict {
  readonly losses: readonly Loss[];
  /** Kernels that both have. */
  readonly compared: number;
  /** Those that only one has: another kernel or shape has taken their place. */
  readonly added: readonly string[];
  readonly gone: readonly string[];
}

/** A fall of less than this share of what it was is never called one. */
const LEAST_FALL = 0.1;
/** Standard errors of the difference of two medians. */
const ERRORS = 4;

/** The standard error of a median, from the quartiles: 1.253 sigma / sqrt(n), and a quartile range is 1.349 sigma. */
const errorOf = ({ q1, q3, rounds }: Spread) => (0.929 * (q3 - q1)) / Math.sqrt(Math.max(1, rounds));

const meanOf = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** The standard error of one more run's difference from the mean of these; one run alone says nothing of it. */
function errorBetween(medians: readonly number[]): number {
  const n = medians.length;
  if (n < 2) return 0;
  const mean = meanOf(medians);
  const variance = medians.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
  return Math.sqrt(variance * (1 + 1 / n));
}

const mediansOf = (runs: readonly Spread[]) => runs.map(({ median }) => median);

/** Half of all values of a normal distribution are within so many of its standard deviations. */
const HALF = 0.6745;

/**
 * What one more run differs by on this machine, as a share: of the kernels' own errors, each known from a run or two, what
 * half of them stay below. A kernel whose runs agreed by chance is not steadier than the others.
 */
function scatterOf(kept: readonly KeptKernel[]): number {
  const shares = kept.map(({ runs }) => errorBetween(mediansOf(runs)) / meanOf(mediansOf(runs)));
  return (shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0) / HALF;
}

/** The least fall that can be told, as a share of what a kernel had. */
export const leastFall = (kept: readonly KeptKernel[]): number =>
  Math.max(LEAST_FALL, ERRORS * scatterOf(kept));

/** What another run may differ by: from what rounds scatter within runs, and from what runs differ by. */
export function noiseOf(runs: readonly Spread[], is: Spread, scatter = 0): number {
  const medians = mediansOf(runs);
  const within = Math.hypot(...runs.map(errorOf)) / runs.length;
  const between = Math.max(errorBetween(medians), scatter * meanOf(medians));
  const error = Math.hypot(within, errorOf(is), between);
  return Math.max(LEAST_FALL * meanOf(medians), ERRORS * error);
}

export function compareKernels(kept: readonly KeptKernel[], now: readonly MeasuredKernel[]): Verdict {
  const before = new Map(kept.map((kernel) => [kernel.key, kernel]));
  const after = new Set(now.map(({ key }) => key));
  const scatter = scatterOf(kept);
  const losses: Loss[] = [];
  let compared = 0;
  for (const { key, kernel, shape, ofRoof: is } of now) {
    const runs = before.get(key)?.runs;
    if (!runs) continue;
    compared += 1;
    const was = meanOf(mediansOf(runs));
    const noise = noiseOf(runs, is, scatter);
    if (was - is.median > noise) losses.push({ key, kernel, shape, was, is, noise });
  }
  const named = ({ kernel, shape }: Omit<MeasuredKernel, 'ofRoof'>) => `${kernel} ${shape}`;
  return {
    losses: losses.sort((a, b) => a.is.median / a.was - b.is.median / b.was),
    compared,
    added: now.filter(({ key }) => !before.has(key)).map(named),
    gone: kept.filter(({ key }) => !after.has(key)).map(named),
  };
}

/** Of the baseline's kernels: where more were not measured, what is compared says little of it. */
const MOST_GONE = 0.1;

/** What keeps a verdict from being one on the whole baseline. */
export interface Coverage {
  /** Whether anything was compared. */
  readonly judged: boolean;
  readonly remarks: readonly string[];
}

export function coverageOf({ compared, gone }: Verdict): Coverage {
  const kept = compared + gone.length;
  if (compared === 0)
    return {
      judged: false,
      remarks: [
        `none of the baseline's ${kept} kernels was measured, so nothing is known of them: it is of other models, or kernels and shapes were renamed. Measure the models that it is of, or keep a new one with --save-baseline`,
      ],
    };
  if (gone.length <= MOST_GONE * kept) return { judged: true, remarks: [] };
  const named = gone.slice(0, 3).join('; ');
  return {
    judged: true,
    remarks: [
      `${gone.length} of the baseline's ${kept} kernels were not measured (${named}${gone.length > 3 ? '; ...' : ''}): nothing is known of them. Where that is meant, keep a new baseline with --save-baseline`,
    ],
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export const lossText = ({ kernel, shape, was, is, noise }: Loss): string =>
  `${kernel} ${shape}: ${percent(is.median)} of its roof, was ${percent(was)}; the noise is ${percent(noise)}`;

/** Whether two runs can be held against each other at all, and what to say of it. */
export interface Kinship {
  readonly judged: boolean;
  readonly remarks: readonly string[];
}

export function kinshipOf(baseline: Baseline, now: Provenance & { readonly clock: Clock }): Kinship {
  const other = (what: string, was: string, is: string) =>
    `the baseline is of another ${what}: ${was}; this is ${is}`;
  if (baseline.adapter !== now.adapter)
    return {
      judged: false,
      remarks: [`${other('adapter', baseline.adapter, now.adapter)}. Nothing is judged by it`],
    };
  if (baseline.clock !== now.clock)
    return {
      judged: false,
      remarks: [`${other('clock', baseline.clock, now.clock)}. Nothing is judged by it`],
    };
  const remarks: string[] = [];
  if (baseline.driver !== now.driver)
    remarks.push(`${other('driver', baseline.driver, now.driver)}: a fall may be the driver's`);
  if (baseline.runtime !== now.runtime)
    remarks.push(`${other('runtime', baseline.runtime, now.runtime)}: a fall may be its compiler's`);
  return { judged: true, remarks };
}
