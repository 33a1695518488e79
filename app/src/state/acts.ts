import type { Box } from '../../../src/index.ts';
import type { PromptAction, PromptPoint } from './prompts.ts';
import { activeClass, activePrompts, classGroup, classList } from './select.ts';
import type { Store } from './store.ts';

/** What a person does to the open picture's active class, wherever it is done: viewer, keys, panel, automation. */
export interface Acts {
  setBox(box: Box | null): void;
  addPoint(point: PromptPoint): void;
  movePoint(index: number, to: { x: number; y: number }): void;
  removePoint(index: number): void;
  removeLast(): void;
  choose(choice: number): void;
  clear(): void;
  setPrompts(box: Box | null, points: readonly PromptPoint[]): void;
  undo(): void;
  redo(): void;
  activate(classNumber: number): void;
  toggleClass(classNumber: number): void;
  renameClass(classNumber: number, name: string): void;
  addClass(): void;
}

type Unplaced<A> = A extends { picture: string } ? Omit<A, 'picture' | 'classNumber'> : never;

export function createActs(store: Store): Acts {
  const prompt = (action: Unplaced<PromptAction>) => {
    const { state } = store;
    const picture = state.library.open;
    if (picture === null) return;
    store.dispatch({ ...action, picture, classNumber: activeClass(state) } as PromptAction);
  };
  const group = () => classGroup(store.state);
  return {
    setBox: (box) => prompt({ type: 'prompt/box', box }),
    addPoint: (point) => prompt({ type: 'prompt/add-point', point }),
    movePoint: (index, { x, y }) => prompt({ type: 'prompt/move-point', index, x, y }),
    removePoint: (index) => {
      if (index < activePrompts(store.state).points.length) prompt({ type: 'prompt/remove-point', index });
    },
    removeLast: () => prompt({ type: 'prompt/remove-last' }),
    choose: (choice) => prompt({ type: 'prompt/choose', choice }),
    clear: () => prompt({ type: 'prompt/clear' }),
    setPrompts: (box, points) => prompt({ type: 'prompt/set', box, points }),
    undo: () => prompt({ type: 'prompt/undo' }),
    redo: () => prompt({ type: 'prompt/redo' }),
    activate: (classNumber) => {
      if (classNumber >= 1 && classNumber <= classList(store.state).length)
        store.dispatch({ type: 'class/activate', classNumber });
    },
    toggleClass: (classNumber) => store.dispatch({ type: 'class/toggle', group: group(), classNumber }),
    renameClass: (classNumber, name) =>
      store.dispatch({ type: 'class/rename', group: group(), classNumber, name }),
    addClass: () => store.dispatch({ type: 'class/add', group: group() }),
  };
}
