import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  compareKernels,
  coverageOf,
  kinshipOf,
  leastFall,
  lossText,
  noiseOf,
} from '../../bench/baseline/compare.ts';
import { baselinePath, readBaseline, saveBaseline } from '../../bench/baseline/file.ts';
import { around, baseline, kept, measured, PLACE, report, row } from './fixtures.ts';

test('a kernel whose share of its roof fell beyond its noise is named, with the figures', () => {
  const { losses, compared } = compareKernels(
    [kept('a', around(0.5)), kept('b', around(0.3))],
    [measured('a', around(0.35)), measured('b', around(0.3))],
  );
  expect(compared).toBe(2);
  expect(losses.map(({ key }) => key)).toEqual(['a']);
  expect(losses.map(lossText)).toEqual([
    'kernel a 4x4 to 4x4: 35.0 % of its roof, was 50.0 %; the noise is 5.0 %',
  ]);
});

test('what scatters wide may fall further, what scatters little a tenth; rising is never a loss', () => {
  const wide = around(0.5, 0.3);
  expect(noiseOf([wide], wide)).toBeGreaterThan(0.5 * 0.4);
  expect(noiseOf([around(0.5, 0)], around(0.5, 0))).toBeCloseTo(0.05);
  // More rounds know better.
  expect(noiseOf([around(0.5, 0.3, 20)], around(0.5, 0.3, 20))).toBeLessThan(noiseOf([wide], wide));
  expect(compareKernels([kept('a', wide)], [measured('a', around(0.35, 0.3))]).losses).toEqual([]);
  expect(compareKernels([kept('a', around(0.5))], [measured('a', around(0.46))]).losses).toEqual([]);
  expect(compareKernels([kept('a', around(0.2))], [measured('a', around(0.9))]).losses).toEqual([]);
});

test('what the baseline’s runs differ by is noise, too', () => {
  const fall = (...runs: readonly number[]) => {
    const before = [kept('a', ...runs.map((median) => around(median)))];
    return compareKernels(before, [measured('a', around(0.4))]).losses.length;
  };
  expect(fall(0.5)).toBe(1);
  expect(fall(0.5, 0.5)).toBe(1);
  expect(fall(0.5, 0.51)).toBe(1);
  expect(fall(0.5, 0.45)).toBe(0);
  expect(fall(0.5, 0.4)).toBe(0);
  // At least their difference, whatever it is.
  for (const other of [0.3, 0.45, 0.49, 0.5])
    expect(noiseOf([around(0.5, 0), around(other, 0)], around(0.5, 0))).toBeGreaterThanOrEqual(0.5 - other);
});

test('runs that agreed by chance are no steadier than those of the other kernels', () => {
  const pair = (key: string, a: number, b: number) => kept(key, around(a), around(b));
  const steady = [pair('a', 0.5, 0.5), pair('b', 0.5, 0.501), pair('c', 0.3, 0.302)];
  const restless = [pair('a', 0.5, 0.5), pair('b', 0.5, 0.4), pair('c', 0.3, 0.25)];
  const fallen = [measured('a', around(0.4)), measured('b', around(0.5)), measured('c', around(0.3))];
  expect(leastFall(steady)).toBe(0.1);
  expect(compareKernels(steady, fallen).losses.map(({ key }) => key)).toEqual(['a']);
  expect(leastFall(restless)).toBeGreaterThan(0.5);
  expect(compareKernels(restless, fallen).losses).toEqual([]);
});

test('a baseline keeps what both runs measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sam2rad-baseline-'));
  try {
    const path = join(folder, 'of', 'two.json');
    const run = (...rows: Parameters<typeof report>[0]) => {
      const { kernels } = report(rows).result;
      if (!kernels) throw new Error('the fixture has kernels');
      return kernels;
    };
    const first = run(row('a', around(0.5)), row('once', around(0.5)));
    saveBaseline(path, PLACE, [first, run(row('a', around(0.4)))]);
    expect(readBaseline(path)).toEqual(baseline([kept('a', around(0.5), around(0.4))]));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the deepest fall comes first; kernels that only one run has are named', () => {
  const before = [kept('a', around(0.5)), kept('b', around(0.5)), kept('old', around(0.5))];
  const after = [measured('a', around(0.4)), measured('b', around(0.2)), measured('new', around(0.1))];
  const verdict = compareKernels(before, after);
  expect(verdict.losses.map(({ key }) => key)).toEqual(['b', 'a']);
  expect(verdict).toMatchObject({
    compared: 2,
    added: ['kernel new 4x4 to 4x4'],
    gone: ['kernel old 4x4 to 4x4'],
  });
});

test('a baseline of another adapter or clock judges nothing; of another driver it judges, and says so', () => {
  const now = { ...PLACE, clock: 'cpu' } as const;
  expect(kinshipOf(baseline([]), now)).toEqual({ judged: true, remarks: [] });
  expect(kinshipOf(baseline([], { adapter: 'apple m4' }), now)).toEqual({
    judged: false,
    remarks: [
      'the baseline is of another adapter: apple m4; this is google swiftshader. Nothing is judged by it',
    ],
  });
  expect(kinshipOf(baseline([]), { ...PLACE, clock: 'wall' }).judged).toBe(false);
  const { judged, remarks } = kinshipOf(
    baseline([], { driver: 'SwiftShader 4', runtime: 'Chrome/149' }),
    now,
  );
  expect(judged).toBe(true);
  expect(remarks).toEqual([
    "the baseline is of another driver: SwiftShader 4; this is SwiftShader 5.0.0: a fall may be the driver's",
    "the baseline is of another runtime: Chrome/149; this is Chrome/150.0.1.2: a fall may be its compiler's",
  ]);
});

test('a baseline of which nothing was measured is no verdict; one of which much is missing is said', () => {
  const keys = ['a', 'b', 'c', 'd'];
  const all = keys.map((key) => kept(key, around(0.5)));
  const now = keys.map((key) => measured(key, around(0.5)));
  expect(coverageOf(compareKernels(all, now))).toEqual({ judged: true, remarks: [] });
  const renamed = coverageOf(compareKernels(all, [measured('e', around(0.5))]));
  expect(renamed.judged).toBe(false);
  expect(renamed.remarks[0]).toMatch(/none of the baseline's 4 kernels was measured.*--save-baseline/);
  const half = coverageOf(compareKernels(all, now.slice(2)));
  expect(half.judged).toBe(true);
  expect(half.remarks[0]).toContain("2 of the baseline's 4 kernels were not measured (kernel a 4x4 to 4x4; ");
});

test('baselines are one an adapter, runtime and set of models; a missing one says how to make it', () => {
  expect(baselinePath('google swiftshader SwiftShader Device (Subzero)', 'chromium', 'nano')).toMatch(
    /results\/baselines\/swiftshader-chromium-nano\.json$/,
  );
  expect(() => readBaseline('/nowhere/else.json')).toThrow(
    /there is no baseline \/nowhere\/else.json: make one with .*--save-baseline/,
  );
  expect(() => readBaseline(new URL('../../package.json', import.meta.url).pathname)).toThrow(
    /is no baseline/,
  );
});
