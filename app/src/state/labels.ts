import { allPrompts, classList, openPicture } from './select.ts';
import type { AppState } from './state.ts';

/** draft: to be looked at and corrected. accepted: a part of the training set. */
export type LabelStatus = 'draft' | 'accepted';

/** That a picture has a label. Its pixels are kept outside of the state, by the picture's id. */
export interface LabelEntry {
  /** Another one for each change of the pixels or the status. */
  readonly revision: number;
  readonly status: LabelStatus;
}

/** By picture; pictures without a label are absent. */
export type LabelState = Readonly<Record<string, LabelEntry>>;

export type LabelAction =
  | { readonly type: 'label/changed'; readonly picture: string; readonly status: LabelStatus }
  | { readonly type: 'label/removed'; readonly picture: string };

export function labelReducer(state: LabelState, action: LabelAction): LabelState {
  const { [action.picture]: entry, ...others } = state;
  if (action.type === 'label/removed') return entry === undefined ? state : others;
  return {
    ...state,
    [action.picture]: { revision: (entry?.revision ?? 0) + 1, status: action.status },
  };
}

/** How far "Segment the rest" is; null where it does not run. */
export type RestState = { readonly done: number; readonly total: number } | null;

export type RestAction =
  | { readonly type: 'rest/progress'; readonly done: number; readonly total: number }
  | { readonly type: 'rest/end' };

export function restReducer(_state: RestState, action: RestAction): RestState {
  return action.type === 'rest/end' ? null : { done: action.done, total: action.total };
}

export function openLabel(state: AppState): LabelEntry | null {
  return state.labels[openPicture(state)?.id ?? ''] ?? null;
}

/** How many pictures of the strip have a label, and how many of these are accepted. */
export function countLabels({ library, labels }: AppState): { labelled: number; accepted: number } {
  const entries = library.pictures.flatMap(({ id }) => labels[id] ?? []);
  return {
    labelled: entries.length,
    accepted: entries.filter(({ status }) => status === 'accepted').length,
  };
}

/** The next picture that is not accepted yet, behind the open one and then from the first; null where all are. */
export function nextToAccept({ library, labels }: AppState): string | null {
  const { pictures, open } = library;
  const at = pictures.findIndex(({ id }) => id === open) + 1;
  const round = [...pictures.slice(at), ...pictures.slice(0, at)];
  return round.find(({ id }) => id !== open && labels[id]?.status !== 'accepted')?.id ?? null;
}

/**
 * The classes whose masks are proposed for the label. What the engine finds without being asked is proposed only while
 * there is no label: later it would lie over what a person has corrected.
 */
export function proposedClasses(state: AppState): readonly number[] {
  const classes = classList(state);
  const prompts = allPrompts(state);
  const hasLabel = openLabel(state) !== null;
  return (state.session.result?.results ?? [])
    .map(({ classNumber }) => classNumber)
    .filter((n) => classes[n - 1]?.visible !== false && (!hasLabel || prompts[n] !== undefined));
}

/** Whether masks to propose are on their way. */
export function isProposing(state: AppState): boolean {
  const asked = openLabel(state) === null || Object.keys(allPrompts(state)).length > 0;
  return asked && state.session.activity.kind === 'predicting';
}
