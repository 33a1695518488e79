/** A class of the class list; its number is its place in the list, from 1. */
export interface ClassEntry {
  readonly name: string;
  readonly visible: boolean;
}

/**
 * Class lists by group: one for the model where it has learned classes, else one for each kind of sample and
 * one for all the pictures that were dropped in.
 */
export interface ClassState {
  readonly lists: Readonly<Record<string, readonly ClassEntry[]>>;
  readonly active: number;
}

/** The group of the classes that a prompt predictor has learned. */
export const MODEL_GROUP = 'model';
/** The group of pictures that a person opened. */
export const USER_GROUP = 'user';
/** Keys 1 to 9 reach them all. */
export const MAX_USER_CLASSES = 9;

export type ClassAction =
  | { readonly type: 'class/list'; readonly group: string; readonly names: readonly string[] }
  | { readonly type: 'class/activate'; readonly classNumber: number }
  | { readonly type: 'class/add'; readonly group: string }
  | {
      readonly type: 'class/rename';
      readonly group: string;
      readonly classNumber: number;
      readonly name: string;
    }
  | { readonly type: 'class/toggle'; readonly group: string; readonly classNumber: number };

export const INITIAL_CLASSES: ClassState = {
  lists: { [USER_GROUP]: [{ name: 'Class 1', visible: true }] },
  active: 1,
};

export function classReducer(state: ClassState, action: ClassAction): ClassState {
  if (action.type === 'class/activate') return { ...state, active: action.classNumber };
  const list = state.lists[action.group] ?? [];
  const change = (entries: readonly ClassEntry[], active = state.active): ClassState => ({
    lists: { ...state.lists, [action.group]: entries },
    active,
  });
  switch (action.type) {
    case 'class/list':
      return change(action.names.map((name) => ({ name, visible: true })));
    case 'class/add':
      if (list.length >= MAX_USER_CLASSES) return state;
      return change([...list, { name: `Class ${list.length + 1}`, visible: true }], list.length + 1);
    case 'class/rename':
      return change(replaced(list, action.classNumber, (entry) => ({ ...entry, name: action.name })));
    case 'class/toggle':
      return change(replaced(list, action.classNumber, (entry) => ({ ...entry, visible: !entry.visible })));
  }
}

function replaced(
  list: readonly ClassEntry[],
  classNumber: number,
  change: (entry: ClassEntry) => ClassEntry,
): ClassEntry[] {
  return list.map((entry, index) => (index === classNumber - 1 ? change(entry) : entry));
}
