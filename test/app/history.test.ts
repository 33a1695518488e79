import { expect, test } from 'vitest';
import { commit, redo, startHistory, UNDO_STEPS, undo } from '../../app/src/state/history.ts';

const count = (steps: number) => {
  let history = startHistory(0);
  for (let i = 1; i <= steps; i++) history = commit(history, i);
  return history;
};

test('at least 100 steps can be undone, and redone again', () => {
  expect(UNDO_STEPS).toBeGreaterThanOrEqual(100);
  let history = count(UNDO_STEPS);
  for (let i = 0; i < UNDO_STEPS; i++) history = undo(history);
  expect(history.present).toBe(0);
  for (let i = 0; i < UNDO_STEPS; i++) history = redo(history);
  expect(history.present).toBe(UNDO_STEPS);
});

test('the oldest steps are forgotten, not the newest', () => {
  let history = count(UNDO_STEPS + 5);
  for (let i = 0; i < UNDO_STEPS + 50; i++) history = undo(history);
  expect(history.present).toBe(5);
});

test('a new step forgets what was undone', () => {
  const history = commit(undo(count(3)), 9);
  expect(redo(history)).toBe(history);
  expect(undo(history).present).toBe(2);
});

test('the present itself is no step, and an empty past or future changes nothing', () => {
  const history = startHistory('a');
  expect(commit(history, 'a')).toBe(history);
  expect(undo(history)).toBe(history);
  expect(redo(history)).toBe(history);
});
