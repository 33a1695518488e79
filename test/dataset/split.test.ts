import { describe, expect, test } from 'vitest';
import { parseClasses } from '../../weights-tools/dataset/classes.ts';
import { groupOf, parseGroupBy, splitByGroup } from '../../weights-tools/dataset/groups.ts';

test('the group is the first capture group, the whole match, or the file’s name', () => {
  expect(groupOf('/x/imgs/p07_f3.png', parseGroupBy('^p(\\d+)_'))).toBe('07');
  expect(groupOf('/x/imgs/p07_f3.png', parseGroupBy('^p\\d+'))).toBe('p07');
  expect(groupOf('/x/imgs/p07_f3.png', undefined)).toBe('p07_f3');
  expect(() => parseGroupBy('(')).toThrow(/--group-by is '\(', which is no regular expression/);
});

test('classes are a count or names', () => {
  expect(parseClasses('2')).toEqual(['class 1', 'class 2']);
  expect(parseClasses('bone, tendon')).toEqual(['bone', 'tendon']);
  for (const wrong of ['0', '256', 'a,,b', 'a,a', ''])
    expect(() => parseClasses(wrong), wrong).toThrow(/--classes is/);
});

describe('the split', () => {
  const cases = Array.from({ length: 30 }, (_, i) => ({ name: `${i}`, group: `patient ${i % 7}` }));

  test('divides no group, takes about the share, and depends on the seed alone', () => {
    for (let seed = 0; seed < 50; seed++)
      for (const share of [0.01, 0.2, 0.5, 0.99]) {
        const { training, validation } = splitByGroup(cases, share, seed);
        expect(training.length + validation.length).toBe(30);
        const sides = new Set(training.map(({ group }) => group));
        expect(validation.filter(({ group }) => sides.has(group))).toEqual([]);
        expect(Math.min(training.length, validation.length)).toBeGreaterThan(0);
        // The last group taken may pass the share by a group less one case.
        if (share < 0.6) expect(validation.length - 30 * share).toBeLessThan(5);
        expect(
          splitByGroup([...cases].reverse(), share, seed)
            .validation.map(({ name }) => name)
            .sort(),
        ).toEqual(validation.map(({ name }) => name).sort());
      }
    const chosen = (seed: number) => splitByGroup(cases, 0.3, seed).validation[0]?.group;
    expect(new Set(Array.from({ length: 20 }, (_, seed) => chosen(seed))).size).toBeGreaterThan(2);
  });

  test('needs two groups', () => {
    expect(() =>
      splitByGroup(
        [
          { name: 'a', group: 'p' },
          { name: 'b', group: 'p' },
        ],
        0.5,
        0,
      ),
    ).toThrow(/all 2 pictures are of one group \(p\)/);
  });
});
