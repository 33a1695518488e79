import { chartSvg, type Panel, type Series } from './chart.ts';
import { type Curves, meanDice } from './curves.ts';
import type { Losses, StepEvent } from './engine.ts';

const TOTAL = '#222222';
/** Told apart by colour-blind eyes too (Okabe and Ito), darker where they would fade on white. */
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8a6d00',
  '#5b4db8',
] as const;
const TERMS: readonly (readonly [keyof Losses, string])[] = [
  ['dice', 'Dice'],
  ['focal', 'focal'],
  ['box', 'box'],
  ['object', 'object score'],
  ['interim', 'interim mask'],
];

/**
 * Loss and Dice over the steps: means of each epoch, and the total of every step behind them.
 * @param measured what Dice was measured on
 */
export function curvesSvg(curves: Curves, measured: 'validation' | 'training'): string {
  const { steps, validations, classNames } = curves;
  const means = (term: keyof Losses) =>
    epochs(steps).map((some) => {
      const last = some.at(-1)?.step ?? 0;
      return [last, some.reduce((sum, { losses }) => sum + losses[term], 0) / some.length] as const;
    });
  const losses: Panel = {
    title: 'Loss',
    scale: 'log',
    series: [
      {
        name: 'each step',
        colour: TOTAL,
        isFaint: true,
        points: steps.map(({ step, losses }) => [step, losses.total]),
      },
      { name: 'total', colour: TOTAL, points: means('total') },
      ...TERMS.map(([term, name], at): Series => ({ name, colour: colour(at), points: means(term) })),
    ],
  };
  const classes = classNames.map((name, at): Series => {
    const points = validations.flatMap(({ step, dice }) => {
      const value = dice[at] ?? null;
      return value === null ? [] : [[step, value] as const];
    });
    return { name, colour: colour(at), points };
  });
  const mean: Series = {
    name: 'mean',
    colour: TOTAL,
    points: validations.flatMap((event) => {
      const value = meanDice(event);
      return value === null ? [] : [[event.step, value] as const];
    }),
  };
  const dice: Panel = {
    title:
      measured === 'validation'
        ? 'Dice of the validation pictures'
        : 'Dice of the training pictures themselves',
    scale: [0, 1],
    series: classNames.length > 1 ? [mean, ...classes] : classes,
  };
  return chartSvg([losses, dice], 'steps');
}

const colour = (at: number) => COLOURS[at % COLOURS.length] ?? TOTAL;

/** Steps, epoch by epoch. */
function epochs(steps: readonly StepEvent[]): StepEvent[][] {
  const byEpoch = new Map<number, StepEvent[]>();
  for (const step of steps) byEpoch.set(step.epoch, [...(byEpoch.get(step.epoch) ?? []), step]);
  return [...byEpoch.values()];
}
