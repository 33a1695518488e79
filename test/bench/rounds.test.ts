import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inARow } from '../../bench/models/rounds.ts';

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const TURNS = { rounds: 3, budgetMs: 60_000 };

/** Calls that take so long by the clock of a device, and tell it. */
const callOf = (ms: () => number) => async () => {
  const took = ms();
  now += took;
  return took;
};

test('a GPU has calls in a row, and of those the later half counts: its clock is up by then', async () => {
  const laps = await inARow(
    TURNS,
    false,
    callOf(() => (now < 200 ? 60 : 10)),
  );
  expect(new Set(laps)).toEqual(new Set([10]));
  expect(now).toBeGreaterThanOrEqual(1500);
  expect(now).toBeLessThan(1600);
});

test('what is very short has 200 rounds', async () => {
  expect(
    await inARow(
      TURNS,
      false,
      callOf(() => 1),
    ),
  ).toHaveLength(100);
});

test('a software adapter has the rounds that were asked for, and all of them count', async () => {
  expect(
    await inARow(
      TURNS,
      true,
      callOf(() => 1),
    ),
  ).toEqual([1, 1, 1]);
});

test('no round begins after the budget; one is run in any case', async () => {
  expect(
    await inARow(
      TURNS,
      true,
      callOf(() => 40_000),
    ),
  ).toHaveLength(2);
  expect(
    await inARow(
      { ...TURNS, budgetMs: 0 },
      false,
      callOf(() => 1),
    ),
  ).toHaveLength(1);
});
