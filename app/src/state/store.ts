import { type Action, type AppState, INITIAL_STATE, reducer } from './state.ts';

/** The page's one place for state: listeners are called after every action that changed something. */
export interface Store {
  readonly state: AppState;
  dispatch(action: Action): void;
  /** Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
}

export function createStore(initial: AppState = INITIAL_STATE): Store {
  const listeners = new Set<() => void>();
  let state = initial;
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      const next = reducer(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
