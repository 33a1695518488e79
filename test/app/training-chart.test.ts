import { expect, test } from 'vitest';
import { SHARE } from '../../app/src/training/scale.ts';
import { diceOf, lossOfEpochs, lossOfSteps } from '../../app/src/training/series.ts';
import { logScale, type TrainingEvent, ticksTo } from '../../src/training.ts';

const step = (at: number, total: number): TrainingEvent => ({
  ...{ kind: 'step', step: at, epoch: Math.ceil(at / 2), learningRate: 1, gradientNorm: 1 },
  losses: { total, dice: 0, focal: 0, object: 0, box: 0, interim: 0 },
});

test('losses by step and by epoch, Dice by class and as a mean of those that have one', () => {
  const events: TrainingEvent[] = [
    ...[step(1, 4), step(2, 2), { kind: 'validation', step: 2, epoch: 1, dice: [0.5, null] } as const],
    ...[step(3, 1), { kind: 'validation', step: 3, epoch: 2, dice: [0.5, 0.7] } as const],
  ];
  const curves = { classNames: ['a', 'b'], events };
  expect(lossOfSteps(curves)).toEqual([
    [1, 4],
    [2, 2],
    [3, 1],
  ]);
  expect(lossOfEpochs(curves)).toEqual([
    [2, 3],
    [3, 1],
  ]);
  expect(diceOf(curves)).toEqual([
    [2, 0.5],
    [3, 0.6],
  ]);
  expect(diceOf(curves, 1)).toEqual([[3, 0.7]]);
});

test('thousands of steps are drawn as some hundred points, their means', () => {
  const events = Array.from({ length: 3000 }, (_, i) => step(i + 1, i % 2 ? 1 : 3));
  const points = lossOfSteps({ classNames: [], events });
  expect(points).toHaveLength(300);
  expect(points.every(([, y]) => y === 2)).toBe(true);
});

test.each([
  [[18.9, 412], 10, 500, 6],
  [[0.31, 0.9], 0.2, 1, 3],
  [[1], 1, 2, 2],
  [[0.00012, 3000], 0.0001, 5000, 8],
  [[], 1, 2, 2],
] as const)('the axis of %j goes from %d to %d', (values, low, high, ticks) => {
  const scale = logScale([...values, Number.NaN, -1]);
  expect([scale.place(low), scale.place(high)].map((place) => Number(place.toFixed(9)))).toEqual([0, 1]);
  expect(scale.ticks.length).toBe(ticks);
  for (const tick of scale.ticks) expect(scale.place(tick)).toBeGreaterThanOrEqual(-1e-9);
});

test('shares go from 0 to 1, steps over round numbers', () => {
  expect([SHARE.place(0), SHARE.place(1)]).toEqual([0, 1]);
  expect(ticksTo(4)).toEqual([0, 1, 2, 3, 4]);
  expect(ticksTo(600)).toEqual([0, 200, 400, 600]);
  expect(ticksTo(1)).toEqual([0, 1]);
});
