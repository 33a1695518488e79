import type { Notice } from './session.ts';

/**
 * Where work goes. kept: into this browser's storage. full, failed: what was kept is safe, what came since is in memory.
 * memory: there is no such storage. elsewhere: another tab keeps it, this one reads.
 */
export type Place = 'opening' | 'kept' | 'full' | 'failed' | 'memory' | 'elsewhere';

/** A model that was trained here or imported. */
export interface KeptModel {
  /** Its file in the workspace, which also tells it from others. */
  readonly file: string;
  /** Of the file when it is downloaded. */
  readonly name: string;
  readonly bytes: number;
  /** In order of the class numbers; empty where they are not known. */
  readonly classNames: readonly string[];
  /** Pictures that it learned from; 0 where that is not known. */
  readonly pictures: number;
  readonly steps: number;
  /** Mean Dice of the held-out pictures at the end. */
  readonly dice: number | null;
}

export interface WorkspaceState {
  readonly place: Place;
  /** Bytes that this page's storage takes; null before it was asked. */
  readonly usage: number | null;
  readonly models: readonly KeptModel[];
  /** What is under way, in words. */
  readonly busy: string | null;
  /** What a person should know of the kept work. */
  readonly message: Notice | null;
}

export type WorkspaceAction =
  | { readonly type: 'workspace/change'; readonly change: Partial<WorkspaceState> }
  | { readonly type: 'workspace/add-model'; readonly model: KeptModel }
  | { readonly type: 'workspace/remove-model'; readonly file: string };

export const INITIAL_WORKSPACE: WorkspaceState = {
  place: 'opening',
  usage: null,
  models: [],
  busy: null,
  message: null,
};

export function workspaceReducer(state: WorkspaceState, action: WorkspaceAction): WorkspaceState {
  switch (action.type) {
    case 'workspace/change':
      return { ...state, ...action.change };
    case 'workspace/add-model':
      return { ...state, models: [...state.models, action.model] };
    case 'workspace/remove-model':
      return { ...state, models: state.models.filter(({ file }) => file !== action.file) };
  }
}
