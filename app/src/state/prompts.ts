import type { Box } from '../../../src/index.ts';
import { commit, type History, redo, startHistory, undo } from './history.ts';

/** A click. Label 1 = part of the object, 0 = not part of it. In pixels of the picture. */
export interface PromptPoint {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
}

/** What a person said about one class in one picture. */
export interface ClassPrompts {
  readonly box: Box | null;
  readonly points: readonly PromptPoint[];
  /** Which of the three multimask results was picked; null = the best by estimated IoU. */
  readonly choice: number | null;
}

/** By class number. Classes without prompts are absent. */
export type Prompts = Readonly<Record<number, ClassPrompts>>;

/** A step of a picture's history. Its label's pixels are not in it, but the number of the edit that made them. */
export interface Moment {
  readonly prompts: Prompts;
  /** 0: as the label was before the first edit. */
  readonly labelEdit: number;
}

/** By picture. */
export type PromptState = Readonly<Record<string, History<Moment>>>;

export const NO_PROMPTS: ClassPrompts = { box: null, points: [], choice: null };

interface On {
  readonly picture: string;
  readonly classNumber: number;
}

export type PromptAction =
  | (On & { readonly type: 'prompt/box'; readonly box: Box | null })
  | (On & { readonly type: 'prompt/add-point'; readonly point: PromptPoint })
  | (On & {
      readonly type: 'prompt/move-point';
      readonly index: number;
      readonly x: number;
      readonly y: number;
    })
  | (On & { readonly type: 'prompt/remove-point'; readonly index: number })
  | (On & { readonly type: 'prompt/remove-last' })
  | (On & { readonly type: 'prompt/choose'; readonly choice: number })
  | (On & { readonly type: 'prompt/clear' })
  | (On & { readonly type: 'prompt/set'; readonly box: Box | null; readonly points: readonly PromptPoint[] })
  /** The label was changed, by the prompts of the consumed classes where there are any. */
  | {
      readonly type: 'prompt/label-edit';
      readonly picture: string;
      readonly edit: number;
      readonly consumed: readonly number[];
    }
  | { readonly type: 'prompt/undo'; readonly picture: string }
  | { readonly type: 'prompt/redo'; readonly picture: string };

export function isEmpty(prompts: ClassPrompts): boolean {
  return prompts.box === null && prompts.points.length === 0;
}

const START: Moment = { prompts: {}, labelEdit: 0 };

export function promptReducer(state: PromptState, action: PromptAction): PromptState {
  const history = state[action.picture] ?? startHistory(START);
  const next = step(history, action);
  return next === history ? state : { ...state, [action.picture]: next };
}

function step(history: History<Moment>, action: PromptAction): History<Moment> {
  if (action.type === 'prompt/undo') return undo(history);
  if (action.type === 'prompt/redo') return redo(history);
  const { prompts, labelEdit } = history.present;
  if (action.type === 'prompt/label-edit')
    return commit(history, { prompts: without(prompts, action.consumed), labelEdit: action.edit });
  const before = prompts[action.classNumber] ?? NO_PROMPTS;
  const after = edit(before, action);
  if (after === before) return history;
  const others = without(prompts, [action.classNumber]);
  return commit(history, {
    prompts: isEmpty(after) ? others : { ...others, [action.classNumber]: after },
    labelEdit,
  });
}

function without(prompts: Prompts, classNumbers: readonly number[]): Prompts {
  return Object.fromEntries(
    Object.entries(prompts).filter(([classNumber]) => !classNumbers.includes(Number(classNumber))),
  );
}

type Edit = Exclude<PromptAction, { type: 'prompt/undo' | 'prompt/redo' | 'prompt/label-edit' }>;

/** A changed prompt means other masks, so it forgets which of them was chosen. */
function edit(prompts: ClassPrompts, action: Edit): ClassPrompts {
  const { box, points } = prompts;
  switch (action.type) {
    case 'prompt/box':
      return action.box === null && box === null ? prompts : { box: action.box, points, choice: null };
    case 'prompt/add-point':
      return { box, points: [...points, action.point], choice: null };
    case 'prompt/move-point':
      return { box, points: points.map((p, i) => (i === action.index ? moved(p, action) : p)), choice: null };
    case 'prompt/remove-point':
      return { box, points: points.filter((_, i) => i !== action.index), choice: null };
    case 'prompt/remove-last':
      if (points.length > 0) return { box, points: points.slice(0, -1), choice: null };
      return box === null ? prompts : NO_PROMPTS;
    case 'prompt/choose':
      return { ...prompts, choice: action.choice };
    case 'prompt/clear':
      return isEmpty(prompts) ? prompts : NO_PROMPTS;
    case 'prompt/set':
      return { box: action.box, points: action.points, choice: null };
  }
}

function moved(point: PromptPoint, { x, y }: { x: number; y: number }): PromptPoint {
  return { x, y, label: point.label };
}
