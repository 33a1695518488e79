import { describe, expect, test } from 'vitest';
import { Sam2RadError } from '../../src/errors.ts';
import {
  type CaseScores,
  caseDice,
  estimate,
  pairedDifferences,
  percentile,
  randomStream,
  shuffled,
  summarise,
} from '../../src/evaluation.ts';

const scored = (name: string, group: string, ...dice: (number | null)[]): CaseScores => ({
  name,
  group,
  classes: dice.map((value) => ({ dice: value, iou: value, nsd: value, hd95: value })),
});

test('percentiles are NumPy’s: linear between order statistics', () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(percentile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8, 12);
  expect(percentile([7], 0.025)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test('means leave out what is undefined, and every class counts the same over all', () => {
  const cases = [scored('a', 'a', 0.2, 0.9), scored('b', 'b', 0.4, null), scored('c', 'c', 0.6, null)];
  const { dice, classes } = summarise(cases, ['bone', 'head']);
  expect(classes.map(({ class: number, name, dice: { mean, n } }) => [number, name, mean, n])).toEqual([
    [1, 'bone', expect.closeTo(0.4, 12), 3],
    [2, 'head', 0.9, 1],
  ]);
  expect(dice).toMatchObject({ mean: expect.closeTo(0.65, 12), n: 4 });
});

test('one group has no interval, no case no mean', () => {
  expect(estimate([{ group: 'a', values: [0.5] }], 1).overall).toEqual({ mean: 0.5, ci95: null, n: 1 });
  expect(estimate([], 1).overall).toEqual({ mean: null, ci95: null, n: 0 });
  expect(() => estimate([], 1, { resamples: 1999 })).toThrow(/at least 2000/);
});

test.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  // A caller without types may leave it out.
  [undefined as unknown as number, 'undefined'],
])('a value of %s is refused by its group and series: it would make every mean NaN', (value, got) => {
  const estimating = () => estimate([{ group: 'knee 7', values: [0.5, value] }], 2);
  expect(estimating).toThrow(Sam2RadError);
  expect(estimating).toThrow(`a case of group 'knee 7' has ${got} for series 2, expected a finite number`);
});

test.each([
  [{ resamples: 1999 }, 'resamples: got 1999, expected a whole number of at least 2000'],
  [{ resamples: Number.NaN }, 'resamples: got NaN'],
  [{ resamples: Number.POSITIVE_INFINITY }, 'resamples: got Infinity'],
  [{ seed: Number.NaN }, 'seed: got NaN, expected a whole number'],
  [{ seed: 0.5 }, 'seed: got 0.5'],
])('%o is refused by name', (options, message) => {
  for (const asking of [() => estimate([], 1, options), () => summarise([], ['bone'], options)]) {
    expect(asking).toThrow(Sam2RadError);
    expect(asking).toThrow(message);
  }
});

describe('the interval', () => {
  test('of two groups reaches from one to the other', () => {
    // The resamples are (a, a), (a, b), (b, a), (b, b): the lowest and the highest have a quarter each.
    const { overall } = estimate(
      [
        { group: 'a', values: [0] },
        { group: 'b', values: [1] },
      ],
      1,
    );
    expect(overall.ci95).toEqual([0, 1]);
  });

  test('is that of the theory for many independent cases', () => {
    const random = randomStream(3);
    const values = Array.from({ length: 400 }, () => random());
    const observations = values.map((value, i) => ({ group: `${i}`, values: [value] }));
    const { overall } = estimate(observations, 1, { resamples: 20000 });
    const mean = values.reduce((sum, value) => sum + value, 0) / 400;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400;
    const half = 1.959964 * Math.sqrt(variance / 400);
    const [low, high] = overall.ci95 ?? [0, 0];
    // The Monte Carlo error of a quantile of 20000 resamples is near 1 % of the half width; three of it and the skew.
    expect(Math.abs(mean - low - half)).toBeLessThan(0.05 * half);
    expect(Math.abs(high - mean - half)).toBeLessThan(0.05 * half);
  });

  test('of grouped cases is that of their groups: copies of a case tell nothing new', () => {
    const single = Array.from({ length: 12 }, (_, i) => ({ group: `p${i}`, values: [(i * 7) % 12] }));
    const copied = single.flatMap((one) => Array.from({ length: 9 }, () => one));
    expect(estimate(copied, 1).overall.ci95).toEqual(estimate(single, 1).overall.ci95);
    const asIfIndependent = copied.map(({ values }, i) => ({ group: `${i}`, values }));
    const width = ([low, high]: readonly [number, number]) => high - low;
    const independent = estimate(asIfIndependent, 1).overall.ci95 ?? [0, 0];
    expect(width(independent)).toBeLessThan(width(estimate(single, 1).overall.ci95 ?? [0, 0]) / 2);
  });

  test('depends on the seed and on nothing else', () => {
    const observations = Array.from({ length: 20 }, (_, i) => ({ group: `${i}`, values: [Math.sqrt(i)] }));
    expect(estimate(observations, 1, { seed: 7 })).toEqual(estimate(observations, 1, { seed: 7 }));
    expect(estimate(observations, 1, { seed: 7 })).not.toEqual(estimate(observations, 1, { seed: 8 }));
  });
});

test('differences are taken case by case', () => {
  const first = [scored('a', 'p', 0.5, null), scored('b', 'q', 0.9, 0.125)];
  const second = [scored('a', 'p', 0.25, 0.5), scored('b', 'q', 0.5, 0.375)];
  const { classes, dice } = summarise(pairedDifferences(first, second), ['x', 'y']);
  expect(classes[0]?.dice.mean).toBeCloseTo(0.325, 12);
  expect(classes[1]?.dice).toMatchObject({ mean: -0.25, n: 1 });
  expect(dice.mean).toBeCloseTo((0.325 - 0.25) / 2, 12);
  expect(() => pairedDifferences(first, [...second].reverse())).toThrow(/a stands beside b/);
  expect(() => pairedDifferences(first, [...second].reverse())).toThrow(Sam2RadError);
  for (const fewer of [first.slice(1), []]) {
    expect(() => pairedDifferences(fewer, second)).toThrow(Sam2RadError);
    expect(() => pairedDifferences(fewer, second)).toThrow(
      `${fewer.length} stand beside 2; give the same cases`,
    );
  }
});

test('a case counts by its classes that have a Dice', () => {
  expect(caseDice(scored('a', 'a', 0.5, null, 1))).toBe(0.75);
  expect(caseDice(scored('a', 'a', null))).toBeNull();
});

test('the stream is spread evenly and the same everywhere', () => {
  const random = randomStream(0);
  const values = Array.from({ length: 20000 }, random);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  const counts = new Array(10).fill(0);
  for (const value of values) counts[Math.floor(value * 10)] += 1;
  // Chi square with 9 degrees of freedom: above 28 once in 1000.
  expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(28);
  expect(values.slice(0, 3)).toEqual(Array.from({ length: 3 }, randomStream(0)));
  const order = shuffled([1, 2, 3, 4, 5, 6, 7, 8], randomStream(1));
  expect(order).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...order].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
