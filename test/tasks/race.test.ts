import { expect, test } from 'vitest';
import { GpuError } from '../../src/errors.ts';
import type { Dispatch } from '../../src/graph/graph.ts';
import { race } from '../../src/tasks/race.ts';

/** Contestants that take so long a run; negative ones are refused, at their entry or, from -10 on, in a round. */
function contestants(times: Readonly<Record<string, number>>) {
  const ran: string[] = [];
  const refused: string[] = [];
  const names = new Map<readonly Dispatch[], string>();
  const entrants = new Map<string, readonly Dispatch[]>();
  for (const name of Object.keys(times)) {
    const dispatches: readonly Dispatch[] = [];
    names.set(dispatches, name);
    entrants.set(name, dispatches);
  }
  const stopwatch = {
    enter: async (dispatches: readonly Dispatch[]) => {
      const name = names.get(dispatches) ?? '';
      const ms = times[name] ?? Number.NaN;
      if (ms < 0 && ms > -10) throw new GpuError('no');
      const lap = async () => {
        ran.push(name);
        if (ms <= -10) throw new GpuError('no more');
        return ms;
      };
      return { once: Math.abs(ms), lap };
    },
  };
  const run = (isOver = () => false) =>
    race(stopwatch, entrants, {
      isOver,
      refused: async (variant) => {
        refused.push(variant);
      },
    });
  return { ran, refused, run };
}

test('all have their turn in each round, but for those that are far behind', async () => {
  const { ran, run } = contestants({ a: 1, b: 1.2, c: 4 });
  expect(await run()).toEqual(new Map(Object.entries({ a: 1, b: 1.2, c: 4 })));
  expect(ran.join('')).toBe('abcabab');
});

test('long runs have one round', async () => {
  const { ran, run } = contestants({ a: 100, b: 90 });
  await run();
  expect(ran.join('')).toBe('ab');
});

test('refused contestants have no time, at whatever moment; without the first one nobody has', async () => {
  const some = contestants({ a: 1, b: -1, c: -10, d: 2 });
  expect([...((await some.run())?.keys() ?? [])]).toEqual(['a', 'd']);
  expect(some.refused).toEqual(['b', 'c']);
  const none = contestants({ a: -1, b: 1 });
  expect(await none.run()).toEqual(new Map());
  expect(none.ran).toEqual([]);
});

test('what was not timed to the end in time is not judged', async () => {
  for (const turns of [0, 1, 3, 8]) {
    let asked = 0;
    const { run } = contestants({ a: 1, b: 2 });
    const late = await run(() => asked++ >= turns);
    expect(late === undefined, `${turns} turns`).toBe(turns < 8);
  }
});
