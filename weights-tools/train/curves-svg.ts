import { dicePoints, epochMeans } from '../../src/tasks/train/curves.ts';
import { chartSvg, type Panel, type Series } from './chart.ts';
import type { Curves } from './curves.ts';
import type { Losses } from './engine.ts';

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
  const means = (term: keyof Losses) => epochMeans(steps, term);
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
  const classes = classNames.map(
    (name, at): Series => ({ name, colour: colour(at), points: dicePoints(validations, at) }),
  );
  const mean: Series = { name: 'mean', colour: TOTAL, points: dicePoints(validations) };
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
