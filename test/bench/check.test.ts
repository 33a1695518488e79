import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { checkBaseline } from '../../bench/commands/baseline.ts';
import { type Options, parseCommand } from '../../bench/commands/options.ts';
import type { Runtime } from '../../bench/host/runtimes.ts';
import type { KernelReport } from '../../bench/kernel-report.ts';
import { around, baseline, kept, PLACE, report, row } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'sam2rad-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  const note = (line: string) => void lines.push(line);
  vi.spyOn(console, 'log').mockImplementation(note);
  vi.spyOn(console, 'error').mockImplementation(note);
});

function kernels(share: number): KernelReport {
  const { kernels: made } = report([row('a', around(share)), row('b', around(0.3))]).result;
  if (!made) throw new Error('the fixture has kernels');
  return made;
}

/** A runtime that measures what it is told to, and notes which keys it was asked for. */
function fakeRuntime(again: number): Runtime & { readonly asked: string[][] } {
  const asked: string[][] = [];
  return {
    asked,
    about: async () => PLACE,
    address: (file) => file,
    do: async (_, given) => {
      if ('options' in given && 'keys' in given.options) asked.push([...given.options.keys]);
      // Only kernels are asked for here.
      return kernels(again) as never;
    },
  };
}

function optionsFor(place = {}): Options {
  const path = join(folder, 'baseline.json');
  writeFileSync(path, JSON.stringify(baseline([kept('a', around(0.5)), kept('b', around(0.3))], place)));
  const command = parseCommand(['kernels', '--check', '--baseline', path]);
  if (command.name !== 'measure') throw new Error(`the bench would ${command.name}`);
  return command.options;
}

test('what falls twice fails, by its name and figures', async () => {
  const runtime = fakeRuntime(0.35);
  expect(await checkBaseline(kernels(0.36), PLACE, optionsFor(), runtime)).toBe(false);
  expect(runtime.asked).toEqual([['a']]);
  expect(lines.at(-1)).toBe(
    'check: FELL: kernel a 4x4 to 4x4: 35.0 % of its roof, was 50.0 %; the noise is 5.0 %',
  );
});

test('what falls once was unlucky', async () => {
  const runtime = fakeRuntime(0.49);
  expect(await checkBaseline(kernels(0.36), PLACE, optionsFor(), runtime)).toBe(true);
  expect(lines.at(-1)).toBe('check: no kernel fell by more than its noise');
});

test('where nothing fell nothing is measured again', async () => {
  const runtime = fakeRuntime(0.5);
  expect(await checkBaseline(kernels(0.5), PLACE, optionsFor(), runtime)).toBe(true);
  expect(runtime.asked).toEqual([]);
});

test('a baseline of another adapter is shown beside, passes nobody, and is said', async () => {
  const runtime = fakeRuntime(0.5);
  expect(await checkBaseline(kernels(0.3), PLACE, optionsFor({ adapter: 'apple m4' }), runtime)).toBe(false);
  expect(runtime.asked).toEqual([]);
  expect(lines[0]).toContain('another adapter: apple m4');
  expect(lines.at(-1)).toContain('check: differs: kernel a');
});

test('a check that compared nothing fails, and names the way out', async () => {
  const { kernels: other } = report([row('of another model', around(0.5))]).result;
  if (!other) throw new Error('the fixture has kernels');
  const runtime = fakeRuntime(0.5);
  expect(await checkBaseline(other, PLACE, optionsFor(), runtime)).toBe(false);
  expect(runtime.asked).toEqual([]);
  expect(lines.at(-1)).toMatch(/FAILED: none of the baseline's 2 kernels was measured.*--save-baseline/);
});

test('half of a baseline is judged by, with a warning', async () => {
  const { kernels: half } = report([row('a', around(0.5))]).result;
  if (!half) throw new Error('the fixture has kernels');
  expect(await checkBaseline(half, PLACE, optionsFor(), fakeRuntime(0.5))).toBe(true);
  expect(lines).toContainEqual(expect.stringContaining("WARNING: 1 of the baseline's 2 kernels were not"));
});

test('a baseline of another driver is judged by, and said', async () => {
  const runtime = fakeRuntime(0.5);
  expect(await checkBaseline(kernels(0.5), PLACE, optionsFor({ driver: 'older' }), runtime)).toBe(true);
  expect(lines[0]).toContain('another driver: older');
});
