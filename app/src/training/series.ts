import { type Curves, meanDice, stepsOf, validationsOf } from '../state/training.ts';

/** x, y; ascending in x. */
export type Points = readonly (readonly [x: number, y: number])[];

/** A line for each pixel of the chart is enough. */
const MOST_POINTS = 300;

export function lossOfSteps(curves: Curves): Points {
  return thinned(stepsOf(curves).map(({ step, losses }) => [step, losses.total] as const));
}

/** Means over the epochs, at their last steps. */
export function lossOfEpochs(curves: Curves): Points {
  const epochs = new Map<number, { sum: number; count: number; last: number }>();
  for (const { step, epoch, losses } of stepsOf(curves)) {
    const before = epochs.get(epoch) ?? { sum: 0, count: 0, last: 0 };
    epochs.set(epoch, { sum: before.sum + losses.total, count: before.count + 1, last: step });
  }
  return [...epochs.values()].map(({ sum, count, last }) => [last, sum / count] as const);
}

/** Dice of a class on the held-out pictures, from 0; of all classes together without a number. */
export function diceOf(curves: Curves, classIndex?: number): Points {
  return validationsOf(curves).flatMap((event) => {
    const value = classIndex === undefined ? meanDice(event) : (event.dice[classIndex] ?? null);
    return value === null ? [] : [[event.step, value] as const];
  });
}

/** Means of neighbours, where there are more points than pixels. */
function thinned(points: Points): Points {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size < 2) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const some = points.slice(i * size, (i + 1) * size);
    const mean = (axis: 0 | 1) => some.reduce((sum, point) => sum + point[axis], 0) / some.length;
    return [mean(0), mean(1)] as const;
  });
}
