import type { Scene } from '../engine/protocol.ts';
import { type ClassEntry, MODEL_GROUP, USER_GROUP } from './classes.ts';
import type { Picture } from './library.ts';
import type { Mode } from './options.ts';
import { type ClassPrompts, isEmpty, NO_PROMPTS, type Prompts } from './prompts.ts';
import type { AppState } from './state.ts';

const NOTHING: Prompts = {};

export function openPicture(state: AppState): Picture | null {
  return state.library.pictures.find(({ id }) => id === state.library.open) ?? null;
}

/** Auto needs a model that has learned its own prompts. */
export function modeOf(state: AppState): Mode {
  return state.engine.model?.hasPredictor === false ? 'manual' : state.options.mode;
}

export function classGroup(state: AppState, picture = openPicture(state)): string {
  if (state.engine.model?.hasPredictor) return MODEL_GROUP;
  return picture?.group ?? USER_GROUP;
}

export function classList(state: AppState, picture = openPicture(state)): readonly ClassEntry[] {
  return state.classes.lists[classGroup(state, picture)] ?? [];
}

/** The class that prompts go to; within the list even after the list became shorter. */
export function activeClass(state: AppState): number {
  return Math.max(1, Math.min(state.classes.active, classList(state).length));
}

export function allPrompts(state: AppState): Prompts {
  const { open } = state.library;
  return (open === null ? undefined : state.prompts[open]?.present.prompts) ?? NOTHING;
}

export function activePrompts(state: AppState): ClassPrompts {
  return allPrompts(state)[activeClass(state)] ?? NO_PROMPTS;
}

export function canUndo(state: AppState): { undo: boolean; redo: boolean } {
  const history = state.library.open === null ? undefined : state.prompts[state.library.open];
  return { undo: (history?.past.length ?? 0) > 0, redo: (history?.future.length ?? 0) > 0 };
}

/** Everything that the masks on show depend on, beside the model and the picture. */
export function sceneOf(state: AppState): Scene {
  const { refine, multimask } = state.options;
  const mode = modeOf(state);
  const count = classList(state).length;
  const prompts = Object.entries(allPrompts(state))
    .map(([key, value]) => ({ classNumber: Number(key), ...value }))
    .filter((entry) => entry.classNumber <= count && !isEmpty(entry));
  return { mode, refine, multimask: mode === 'manual' && multimask, classes: count, prompts };
}
