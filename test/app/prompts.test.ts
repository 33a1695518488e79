import { expect, test } from 'vitest';
import { type PromptAction, type PromptState, promptReducer } from '../../app/src/state/prompts.ts';

type Unplaced<A> = A extends { classNumber: number } ? Omit<A, 'picture' | 'classNumber'> : never;

const on = (action: Unplaced<PromptAction>, classNumber = 1): PromptAction =>
  ({ ...action, picture: 'a', classNumber }) as PromptAction;
const run = (...actions: readonly PromptAction[]) => actions.reduce(promptReducer, {} as PromptState);
const present = (state: PromptState) => state['a']?.present.prompts;
const positive = { x: 3, y: 4, label: 1 } as const;
const negative = { x: 5, y: 6, label: 0 } as const;
const box = [1, 2, 30, 40] as const;

test('boxes and points of a class, in the order in which they were set', () => {
  const state = run(
    on({ type: 'prompt/box', box }),
    on({ type: 'prompt/add-point', point: positive }),
    on({ type: 'prompt/add-point', point: negative }),
  );
  expect(present(state)).toEqual({ 1: { box, points: [positive, negative], choice: null } });
});

test('classes and pictures have their own prompts', () => {
  const other: PromptAction = { type: 'prompt/box', picture: 'b', classNumber: 1, box };
  const state = run(
    on({ type: 'prompt/box', box }),
    on({ type: 'prompt/add-point', point: positive }, 2),
    other,
  );
  expect(Object.keys(present(state) ?? {})).toEqual(['1', '2']);
  expect(state['b']?.present.prompts[1]?.box).toEqual(box);
});

test('a point moves and keeps its label; a removed one closes the gap', () => {
  const points = [
    on({ type: 'prompt/add-point', point: positive }),
    on({ type: 'prompt/add-point', point: negative }),
  ];
  const moved = run(...points, on({ type: 'prompt/move-point', index: 1, x: 8, y: 9 }));
  expect(present(moved)?.[1]?.points).toEqual([positive, { x: 8, y: 9, label: 0 }]);
  const removed = run(...points, on({ type: 'prompt/remove-point', index: 0 }));
  expect(present(removed)?.[1]?.points).toEqual([negative]);
});

test('remove-last takes the last point, then the box, then nothing', () => {
  let state = run(on({ type: 'prompt/box', box }), on({ type: 'prompt/add-point', point: positive }));
  state = promptReducer(state, on({ type: 'prompt/remove-last' }));
  expect(present(state)?.[1]).toEqual({ box, points: [], choice: null });
  state = promptReducer(state, on({ type: 'prompt/remove-last' }));
  expect(present(state)).toEqual({});
  expect(promptReducer(state, on({ type: 'prompt/remove-last' }))).toBe(state);
});

test('clearing is one step that undo brings back, and only of that class', () => {
  let state = run(
    on({ type: 'prompt/box', box }),
    on({ type: 'prompt/add-point', point: positive }, 2),
    on({ type: 'prompt/clear' }),
  );
  expect(Object.keys(present(state) ?? {})).toEqual(['2']);
  state = promptReducer(state, { type: 'prompt/undo', picture: 'a' });
  expect(present(state)?.[1]?.box).toEqual(box);
  state = promptReducer(state, { type: 'prompt/redo', picture: 'a' });
  expect(present(state)?.[1]).toBeUndefined();
});

test('a changed prompt forgets which candidate was chosen', () => {
  let state = run(on({ type: 'prompt/box', box }), on({ type: 'prompt/choose', choice: 2 }));
  expect(present(state)?.[1]?.choice).toBe(2);
  state = promptReducer(state, on({ type: 'prompt/add-point', point: positive }));
  expect(present(state)?.[1]?.choice).toBeNull();
});

test('what changes nothing is no step', () => {
  for (const action of [on({ type: 'prompt/clear' }), on({ type: 'prompt/box', box: null })]) {
    const state = run(on({ type: 'prompt/add-point', point: positive }, 2));
    expect(promptReducer(state, action)).toBe(state);
  }
});
