import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/gpu/pace.ts';

const dispatches = Array.from({ length: 40 }, () => ({ flops: 1e9, bytes: 0 }));

/** Milliseconds of each submit on a device of this pace, and whether all dispatches went, each once. */
function run(pace: Pace, gflops: number) {
  const times: number[] = [];
  let done = 0;
  while (done < dispatches.length) {
    const count = pace.next(dispatches, done);
    const ms = (1e9 * count) / (gflops * 1e6);
    pace.learn(dispatches.slice(done, done + count), ms);
    times.push(ms);
    done += count;
  }
  return { times, done };
}

describe('the pace of a stage', () => {
  it('cuts by a guess at first, and from the first timing on below 200 ms', () => {
    const { times, done } = run(new Pace(true), 6);
    expect(times[0]).toBeCloseTo(4000 / 6);
    expect(Math.max(...times.slice(1))).toBeLessThan(200);
    expect(done).toBe(dispatches.length);
  });

  it('finds its way back after a moment in which the device was busy', () => {
    const pace = new Pace(false);
    pace.learn(dispatches.slice(0, 1), 10_000);
    expect(pace.next(dispatches, 0)).toBe(1);
    for (let i = 0; i < 40; i++) pace.learn(dispatches.slice(0, 10), 10);
    expect(pace.next(dispatches, 0)).toBe(40);
  });

  it('counts what is moved, and gives a dispatch that is too long a submit of its own', () => {
    const pace = new Pace(true);
    expect(pace.next([{ flops: 9e9, bytes: 0 }, ...dispatches], 0)).toBe(1);
    expect(pace.next([{ flops: 0, bytes: 4e8 }, ...dispatches], 0)).toBe(1 + Math.floor((4e9 - 3.2e9) / 1e9));
    expect(pace.next(dispatches, 39)).toBe(1);
  });
});
