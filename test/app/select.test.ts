import { expect, test } from 'vitest';
import type { LoadedModel } from '../../app/src/engine/protocol.ts';
import { MAX_USER_CLASSES } from '../../app/src/state/classes.ts';
import { activeClass, classList, modeOf, sceneOf } from '../../app/src/state/select.ts';
import { type Action, type AppState, INITIAL_STATE, reducer } from '../../app/src/state/state.ts';

const picture = {
  ...{ id: 'p', name: 'P.png', stem: 'p', group: 'hip', thumbnail: '', size: null },
  ...{ removable: false, exampleBoxes: [] },
};
const box = [1, 2, 3, 4] as const;

function after(...actions: readonly Action[]): AppState {
  const opened: readonly Action[] = [
    { type: 'class/list', group: 'hip', names: ['Iliac surface', 'Femoral head'] },
    { type: 'library/add', pictures: [picture] },
    { type: 'library/open', id: 'p' },
  ];
  return [...opened, ...actions].reduce(reducer, INITIAL_STATE);
}

function loaded(classes: readonly string[]): Action {
  const parts: Partial<LoadedModel> = { name: 'm', classes, hasPredictor: classes.length > 0, warnings: [] };
  return { type: 'engine/loaded', model: parts as LoadedModel };
}

test('auto needs a prompt predictor; manual does not', () => {
  expect(modeOf(after(loaded([])))).toBe('manual');
  expect(modeOf(after(loaded(['bone'])))).toBe('auto');
  expect(modeOf(after(loaded(['bone']), { type: 'options', change: { mode: 'manual' } }))).toBe('manual');
});

test('a model brings its classes; without one the picture has its own', () => {
  const own = after(loaded([]));
  expect(classList(own).map(({ name }) => name)).toEqual(['Iliac surface', 'Femoral head']);
  const learned = after({ type: 'class/list', group: 'model', names: ['bone'] }, loaded(['bone']));
  expect(classList(learned).map(({ name }) => name)).toEqual(['bone']);
});

test('the active class stays within a list that became shorter', () => {
  const state = after(
    { type: 'class/activate', classNumber: 2 },
    { type: 'class/list', group: 'model', names: ['bone'] },
    loaded(['bone']),
  );
  expect(activeClass(state)).toBe(1);
});

test('the scene holds the prompts of classes that there are, and multimask in manual mode only', () => {
  const state = after(
    loaded([]),
    { type: 'options', change: { multimask: true } },
    { type: 'prompt/box', picture: 'p', classNumber: 2, box },
    { type: 'prompt/box', picture: 'p', classNumber: 7, box },
  );
  const prompts = [{ classNumber: 2, box, points: [], choice: null }];
  expect(sceneOf(state)).toEqual({ mode: 'manual', refine: 'learned', multimask: true, classes: 2, prompts });
  const auto = [loaded(['a', 'b'])].reduce(reducer, state);
  expect(sceneOf(auto)).toMatchObject({ mode: 'auto', multimask: false });
});

test('classes are added up to the ninth, renamed and hidden', () => {
  const add: Action = { type: 'class/add', group: 'hip' };
  let state = after(...Array.from({ length: 20 }, () => add));
  expect(classList(state)).toHaveLength(MAX_USER_CLASSES);
  expect(activeClass(state)).toBe(MAX_USER_CLASSES);
  state = reducer(state, { type: 'class/rename', group: 'hip', classNumber: 3, name: 'Labrum' });
  state = reducer(state, { type: 'class/toggle', group: 'hip', classNumber: 3 });
  expect(classList(state)[2]).toEqual({ name: 'Labrum', visible: false });
});

test('a removed picture leaves its neighbour open', () => {
  const pictures = ['x', 'y', 'z'].map((id) => ({ ...picture, id }));
  const start = [
    { type: 'library/add', pictures } as const,
    { type: 'library/open', id: 'y' } as const,
  ].reduce<AppState>(reducer, INITIAL_STATE);
  const once = reducer(start, { type: 'library/remove', id: 'y' });
  expect(once.library.open).toBe('z');
  expect(reducer(once, { type: 'library/remove', id: 'x' }).library.open).toBe('z');
  const none = [{ type: 'library/remove', id: 'x' } as const, { type: 'library/remove', id: 'z' } as const];
  expect(none.reduce<AppState>(reducer, once).library.open).toBeNull();
});
