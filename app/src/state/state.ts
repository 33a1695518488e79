import { type ClassAction, type ClassState, classReducer, INITIAL_CLASSES } from './classes.ts';
import { type EngineAction, type EngineState, engineReducer, INITIAL_ENGINE } from './engine.ts';
import {
  type LabelAction,
  type LabelState,
  labelReducer,
  type RestAction,
  type RestState,
  restReducer,
} from './labels.ts';
import { INITIAL_LIBRARY, type LibraryAction, type LibraryState, libraryReducer } from './library.ts';
import { INITIAL_OPTIONS, type Options, type OptionsAction, optionsReducer } from './options.ts';
import { type PromptAction, type PromptState, promptReducer } from './prompts.ts';
import { INITIAL_SESSION, type SessionAction, type SessionState, sessionReducer } from './session.ts';
import { INITIAL_TRAINING, type TrainingAction, type TrainingState, trainingReducer } from './training.ts';
import {
  INITIAL_WORKSPACE,
  type WorkspaceAction,
  type WorkspaceState,
  workspaceReducer,
} from './workspace.ts';

/** Everything that the page shows, as plain data. Picture bytes and GPU objects live elsewhere. */
export interface AppState {
  readonly training: TrainingState;
  readonly workspace: WorkspaceState;
  readonly engine: EngineState;
  readonly library: LibraryState;
  readonly classes: ClassState;
  readonly prompts: PromptState;
  readonly options: Options;
  readonly session: SessionState;
  readonly labels: LabelState;
  readonly rest: RestState;
}

export type Action =
  | TrainingAction
  | WorkspaceAction
  | EngineAction
  | LibraryAction
  | ClassAction
  | PromptAction
  | OptionsAction
  | SessionAction
  | LabelAction
  | RestAction;

export const INITIAL_STATE: AppState = {
  training: INITIAL_TRAINING,
  workspace: INITIAL_WORKSPACE,
  engine: INITIAL_ENGINE,
  library: INITIAL_LIBRARY,
  classes: INITIAL_CLASSES,
  prompts: {},
  options: INITIAL_OPTIONS,
  session: INITIAL_SESSION,
  labels: {},
  rest: null,
};

/** The word before the slash names the part of the state that an action changes. */
export function reducer(state: AppState, action: Action): AppState {
  if (isOf('training', action)) return { ...state, training: trainingReducer(state.training, action) };
  if (isOf('workspace', action)) return { ...state, workspace: workspaceReducer(state.workspace, action) };
  if (isOf('engine', action)) return { ...state, engine: engineReducer(state.engine, action) };
  if (isOf('library', action)) return { ...state, library: libraryReducer(state.library, action) };
  if (isOf('class', action)) return { ...state, classes: classReducer(state.classes, action) };
  if (isOf('prompt', action)) return { ...state, prompts: promptReducer(state.prompts, action) };
  if (isOf('session', action)) return { ...state, session: sessionReducer(state.session, action) };
  if (isOf('label', action)) return { ...state, labels: labelReducer(state.labels, action) };
  if (isOf('rest', action)) return { ...state, rest: restReducer(state.rest, action) };
  return { ...state, options: optionsReducer(state.options, action) };
}

function isOf<Part extends string>(
  part: Part,
  action: Action,
): action is Extract<Action, { type: `${Part}/${string}` }> {
  return action.type.startsWith(`${part}/`);
}
