import { USER_GROUP } from '../state/classes.ts';
import type { Picture } from '../state/library.ts';
import { classList, openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';

/** Held out: one of so many. */
const HELD_OUT = 5;
/** The paper's number of pictures. */
export const SUGGESTED = 10;

/** What a training that began now would be made of. */
export interface TrainingPlan {
  readonly training: readonly Picture[];
  readonly validation: readonly Picture[];
  readonly classNames: readonly string[];
  /** Accepted pictures of another kind, whose class numbers mean something else. */
  readonly others: number;
  /** Labelled pictures that nobody has accepted. */
  readonly drafts: number;
}

/** Pictures of the open picture's kind: samples of one anatomy, or all that a person opened, share a class list. */
export function planOf(state: AppState): TrainingPlan {
  const { pictures } = state.library;
  const group = openPicture(state)?.group ?? USER_GROUP;
  const accepted = pictures.filter(({ id }) => state.labels[id]?.status === 'accepted');
  const own = accepted.filter((picture) => picture.group === group);
  const drafts = pictures.filter((p) => p.group === group && state.labels[p.id]?.status === 'draft').length;
  const isHeldOut = (at: number) =>
    state.training.choices.holdOut && own.length >= HELD_OUT && at % HELD_OUT === HELD_OUT - 1;
  return {
    training: own.filter((_, at) => !isHeldOut(at)),
    validation: own.filter((_, at) => isHeldOut(at)),
    classNames: classList(state).map(({ name }) => name),
    others: accepted.length - own.length,
    drafts,
  };
}
