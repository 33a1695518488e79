import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Circumstances, driftOf, remarksOn } from '../../bench/remarks.ts';
import { parseReport } from '../../bench/report.ts';
import { around, report, row } from './fixtures.ts';

const CALM: Circumstances = {
  subject: 'kernels',
  clock: 'timestamps',
  software: false,
  features: ['timestamp-query', 'subgroups', 'shader-f16'],
  hidden: false,
  restless: 0,
  roof: [10, 10.1, 9.9, 10, 10, 10.1],
};

test('a GPU that has everything, at rest, needs no remark', () => {
  expect(remarksOn(CALM)).toEqual([]);
});

test.each([
  ['no timestamps', { clock: 'wall', features: ['subgroups', 'shader-f16'] }, /no timestamp queries/],
  ['no subgroups', { features: ['timestamp-query', 'shader-f16'] }, /no subgroups/],
  ['no f16', { features: ['timestamp-query', 'subgroups'] }, /the f16 roof is not available/],
  ['a hidden tab', { hidden: true }, /hidden.*throttle/],
  ['a clock that did not settle', { restless: 3 }, /^3 times load did not raise the device's clock/],
  ['a throttled tab', { roof: [10, 10, 10, 10, 2, 2] }, /fell by 80 %/],
  [
    'a machine with other work',
    { roof: [10, 5, 10, 5, 10, 5, 10, 5, 10, 5, 10, 5] },
    /lie \d+ % of it apart/,
  ],
] as const)('%s is said', (_, differs, words) => {
  const remarks = remarksOn({ ...CALM, ...differs });
  expect(remarks).toHaveLength(1);
  expect(remarks[0]).toMatch(words);
});

test('a software adapter is said, and by what clock it was timed', () => {
  const on = (clock: Circumstances['clock']) => remarksOn({ ...CALM, software: true, clock });
  expect(on('cpu')).toEqual([expect.stringContaining('a software adapter: shares of a roof')]);
  expect(on('timestamps')[0]).toMatch(/timed by its timestamps: other work/);
  expect(on('wall')[0]).toMatch(/timed by the wall: other work/);
});

test('of calls the same is said, in the words of calls', () => {
  const on = (differs: Partial<Circumstances>) => remarksOn({ ...CALM, subject: 'calls', ...differs }).join();
  expect(on({})).toBe('');
  expect(on({ clock: 'wall', features: [] })).toMatch(
    /no timestamp queries: no call's time.*no subgroups.*no shader-f16: products can be in f32 alone/,
  );
  expect(on({ hidden: true })).toMatch(/hidden.*throttle/);
  expect(on({ roof: [10, 10, 10, 10, 2, 2] })).toMatch(/fell by 80 %.*What took turns can be compared/);
  expect(on({ software: true, clock: 'wall' })).toMatch(/timed by the wall.*milliseconds nothing of a GPU/);
});

test('too few looks at a roof show no drift', () => {
  expect(driftOf([10, 1], 'kernels')).toEqual([]);
});

test('a result is read as it was written; other files are refused by name', () => {
  const whole = report([row('a', around(0.5))]);
  expect(parseReport('a.json', JSON.stringify(whole))).toEqual(whole);
  expect(() => parseReport('b.json', '<html>')).toThrow(/^b.json is no JSON .*npm run bench/);
  const older = fileURLToPath(
    new URL('../../bench/results/2026-11-23-swiftshader-ort.json', import.meta.url),
  );
  expect(() => parseReport('ort.json', readFileSync(older, 'utf8'))).toThrow(
    /^ort.json is no result of a whole `npm run bench`/,
  );
  expect(() => parseReport('c.json', 'null')).toThrow(/^c.json is no result/);
});

test('a result from before calls had remarks is read, too', () => {
  const file = new URL('../../bench/results/2026-11-23-swiftshader-bench-chromium.json', import.meta.url);
  const { result } = parseReport('older.json', readFileSync(file, 'utf8'));
  expect(result.models[0]).toMatchObject({ model: 'nano', remarks: [], backward: null, tuned: null });
  expect(result.sideBySide).toMatchObject({ remarks: [], disagreements: [] });
});
