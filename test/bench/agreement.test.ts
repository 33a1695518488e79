import { expect, test } from 'vitest';
import { agreementOf } from '../../bench/page/agreement.ts';

const theirs = [1, 2, 3, 4];
const pair = (ours: readonly number[]) => ({ name: 'webgpu masks', ours, theirs });

test('rounding is agreement, and its size is told', () => {
  const { errors, disagreements } = agreementOf([pair([1, 2, 3, 4.0001])]);
  expect(errors['webgpu masks']).toBeCloseTo(1.8e-5, 6);
  expect(disagreements).toEqual([]);
});

test.each([
  ['a value', [1, 2, 3, 4.01], /^webgpu masks: the relative error .* is 1.8e-3, at most 1e-4 is rounding$/],
  ['NaN', [1, 2, 3, Number.NaN], /^webgpu masks: the relative error .* is NaN/],
  ['a length', [1, 2, 3], /^webgpu masks: ours has 3 values, theirs 4$/],
] as const)('%s that differs is a disagreement, by the tensor’s name', (_, ours, words) => {
  const { errors, disagreements } = agreementOf([pair(ours)]);
  expect(disagreements).toEqual([expect.stringMatching(words)]);
  // What JSON would make null of is not among the errors.
  expect(Object.values(errors).every(Number.isFinite)).toBe(true);
});

test('nothing compared with nothing is no agreement', () => {
  expect(agreementOf([{ name: 'iou', ours: [], theirs: [] }]).disagreements).toHaveLength(1);
});
