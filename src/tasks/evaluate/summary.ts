import { Sam2RadError } from '../../errors.ts';
import { type BootstrapOptions, type Estimate, estimate } from './bootstrap.ts';
import type { MaskScores, MetricName } from './metrics.ts';

/** A picture's scores, one a class in order of the class numbers. */
export interface CaseScores {
  readonly name: string;
  /** The patient, or whatever was drawn together; the case's own name where nothing is known. */
  readonly group: string;
  readonly classes: readonly Readonly<Record<MetricName, number | null>>[];
}

/** Each metric's mean over cases, with its interval. */
export type MetricEstimates = Readonly<Record<MetricName, Estimate>>;

export interface ClassSummary extends MetricEstimates {
  /** From 1. */
  readonly class: number;
  readonly name: string;
}

/** Means over cases: a class each, and over the classes, where every class counts the same. */
export interface Summary extends MetricEstimates {
  readonly classes: readonly ClassSummary[];
}

/**
 * Means with bootstrap intervals, clustered by group. Undefined values (see `scoreMask`) are left out; `n` says how
 * many went in. The figure over all classes is the mean of the class means, as nnU-Net's `foreground_mean`.
 * @param classNames one a class, in order
 * @throws Sam2RadError as `estimate`
 */
export function summarise(
  cases: readonly CaseScores[],
  classNames: readonly string[],
  options: BootstrapOptions = {},
): Summary {
  const of = (metric: MetricName) =>
    estimate(
      cases.map(({ group, classes }) => ({
        group,
        values: classNames.map((_, at) => classes[at]?.[metric] ?? null),
      })),
      classNames.length,
      options,
    );
  const estimates = { dice: of('dice'), iou: of('iou'), nsd: of('nsd'), hd95: of('hd95') };
  const pick = (choose: (one: ReturnType<typeof estimate>) => Estimate | undefined): MetricEstimates => {
    const none: Estimate = { mean: null, ci95: null, n: 0 };
    const { dice, iou, nsd, hd95 } = estimates;
    return {
      dice: choose(dice) ?? none,
      iou: choose(iou) ?? none,
      nsd: choose(nsd) ?? none,
      hd95: choose(hd95) ?? none,
    };
  };
  return {
    ...pick(({ overall }) => overall),
    classes: classNames.map((name, at) => ({
      class: at + 1,
      name,
      ...pick(({ series }) => series[at]),
    })),
  };
}

/**
 * First minus second, case by case, for `summarise`: the interval of a difference is narrower than the two intervals
 * suggest, since both were measured on the same pictures. Null where either is undefined.
 * @throws Sam2RadError where they are not the same cases in the same order
 */
export function pairedDifferences(first: readonly CaseScores[], second: readonly CaseScores[]): CaseScores[] {
  if (first.length !== second.length)
    throw new Sam2RadError(
      `paired cases differ: ${first.length} stand beside ${second.length}; give the same cases in the same order`,
    );
  return first.map((one, index) => {
    const other = second[index];
    if (other?.name !== one.name)
      throw new Sam2RadError(
        `paired cases differ: ${one.name} stands beside ${other?.name ?? 'nothing'}; give the same cases in the same order`,
      );
    const difference = (at: number, metric: MetricName) => {
      const [a, b] = [one.classes[at]?.[metric] ?? null, other.classes[at]?.[metric] ?? null];
      return a === null || b === null ? null : a - b;
    };
    const classes = one.classes.map((_, at) => ({
      dice: difference(at, 'dice'),
      iou: difference(at, 'iou'),
      nsd: difference(at, 'nsd'),
      hd95: difference(at, 'hd95'),
    }));
    return { name: one.name, group: one.group, classes };
  });
}

/** The mean Dice over a case's classes, by which the worst cases are found; null where no class has one. */
export function caseDice({
  classes,
}: {
  readonly classes: readonly Pick<MaskScores, 'dice'>[];
}): number | null {
  const values = classes.flatMap(({ dice }) => (dice === null ? [] : [dice]));
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}
