import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wake } from '../../src/gpu/wake.ts';

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** A device whose passes of `work` take so many ms by the clock, which depends on how long it had load. */
const loadAt = (clock: (ms: number) => number, work = 5) => {
  return async () => {
    const rate = clock(now);
    now += work / rate;
    return rate;
  };
};

test('load is run until the clock has been up for a while, however long it did not stir', async () => {
  const rising = loadAt((ms) => (ms < 60 ? 0.2 : Math.min(1, 0.2 + (ms - 60) / 50)));
  expect(await wake(rising, 0)).toEqual({ rate: 1, level: true });
  expect(now).toBeGreaterThan(150);
  expect(now).toBeLessThan(300);
});

test('a device that is as fast as it was before is not kept', async () => {
  expect(
    await wake(
      loadAt(() => 0.99),
      1,
    ),
  ).toEqual({ rate: 1, level: true });
  expect(now).toBeLessThan(10);
});

test('one that is not again as fast, since it grew hot, is taken as it is', async () => {
  expect(
    await wake(
      loadAt(() => 0.7),
      1,
    ),
  ).toEqual({ rate: 0.7, level: true });
  expect(now).toBeLessThan(150);
});

test('one that rises for ever is left in the middle of it, which is said', async () => {
  const { level } = await wake(
    loadAt((ms) => 1 + ms / 100),
    0,
  );
  expect(level).toBe(false);
  expect(now).toBeGreaterThanOrEqual(300);
  expect(now).toBeLessThan(320);
});

test('one whose clock does not stir is asleep where it was once much faster, and is waited for', async () => {
  const late = loadAt((ms) => (ms < 500 ? 0.2 : 1));
  expect(await wake(late, 1)).toEqual({ rate: 1, level: true });
  expect(now).toBeGreaterThanOrEqual(500);
  now = 0;
  const never = loadAt(() => 0.2);
  expect(await wake(never, 1)).toEqual({ rate: 0.2, level: false });
  expect(now).toBeGreaterThanOrEqual(1000);
  expect(now).toBeLessThan(1050);
});

test('whoever has no more time is not kept, though the device still sleeps', async () => {
  const asleep = loadAt(() => 0.2);
  expect(await wake(asleep, 1, 0.02, () => now >= 200)).toEqual({ rate: 0.2, level: false });
  expect(now).toBeLessThan(250);
});
