import { dicePoints, epochMeans, type Points, thinned } from '../../../src/training.ts';
import { type Curves, stepsOf, validationsOf } from '../state/training.ts';

/** A line for each pixel of the chart is enough. */
const MOST_POINTS = 300;

export function lossOfSteps(curves: Curves): Points {
  return thinned(
    stepsOf(curves).map(({ step, losses }) => [step, losses.total] as const),
    MOST_POINTS,
  );
}

/** Means over the epochs, at their last steps. */
export function lossOfEpochs(curves: Curves): Points {
  return epochMeans(stepsOf(curves), 'total');
}

/** Dice of a class on the held-out pictures, from 0; of all classes together without a number. */
export function diceOf(curves: Curves, classIndex?: number): Points {
  return dicePoints(validationsOf(curves), classIndex);
}
