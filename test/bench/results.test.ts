import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newest } from '../../bench/commands/view.ts';
import { resultName } from '../../bench/results.ts';
import { around, PLACE, report, row } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'sam2rad-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('two results of one day have two names, with what was measured in them', () => {
  const [first, second] = ['2026-11-23T10:00:00.000Z', '2026-11-23T10:04:09.000Z'].map((date) =>
    resultName({ ...PLACE, date }, 'bench-chromium-nano'),
  );
  expect(first).toBe('2026-11-23-100000-swiftshader-bench-chromium-nano.json');
  expect(second).toBe('2026-11-23-100409-swiftshader-bench-chromium-nano.json');
});

test('the newest is the one of the latest date that can be drawn, whatever the names', () => {
  expect(() => newest(folder)).toThrow('npm run bench makes one');
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  const rows = [row('a', around(0.5))];
  const failed = report(rows, { date: '2026-11-25T00:00:00.000Z' });
  write('z-bench-chromium-nano.json', report(rows));
  write('a-bench-chromium-nano.json', report(rows, { date: '2026-11-24T00:00:00.000Z' }));
  write('zz-bench-chromium-nano.json', { ...failed, result: { ...failed.result, kernels: null } });
  write('zzz-bench-chromium-nano-only.json', failed);
  write('zzzz-train.json', failed);
  expect(newest(folder)).toBe(join(folder, 'a-bench-chromium-nano.json'));
});
