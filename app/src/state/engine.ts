import type { LoadProgress, MemoryReport } from '../../../src/index.ts';
import type { LoadedModel } from '../engine/protocol.ts';

type Stage = LoadProgress['stage'];

/** A model that is on its way: shares done, by stage. */
export interface Loading {
  readonly name: string;
  readonly stages: Readonly<Partial<Record<Stage, { readonly loaded: number; readonly total: number }>>>;
}

export interface EngineState {
  /** The model in use; it stays while another one loads, and where that one fails. */
  readonly model: LoadedModel | null;
  readonly loading: Loading | null;
  /** Why nothing can run here at all. */
  readonly unsupported: string | null;
}

export type EngineAction =
  | { readonly type: 'engine/unsupported'; readonly reason: string }
  | { readonly type: 'engine/loading'; readonly name: string }
  | { readonly type: 'engine/progress'; readonly progress: LoadProgress }
  | { readonly type: 'engine/loaded'; readonly model: LoadedModel }
  | { readonly type: 'engine/load-failed' }
  | { readonly type: 'engine/memory'; readonly memory: MemoryReport }
  | { readonly type: 'engine/lost' };

export const INITIAL_ENGINE: EngineState = { model: null, loading: null, unsupported: null };

export function engineReducer(state: EngineState, action: EngineAction): EngineState {
  switch (action.type) {
    case 'engine/unsupported':
      return { model: null, loading: null, unsupported: action.reason };
    case 'engine/loading':
      return { ...state, loading: { name: action.name, stages: {} } };
    case 'engine/progress': {
      if (state.loading === null) return state;
      const { stage, loaded, total } = action.progress;
      const stages = { ...state.loading.stages, [stage]: { loaded, total } };
      return { ...state, loading: { ...state.loading, stages } };
    }
    case 'engine/loaded':
      return { ...state, model: action.model, loading: null };
    case 'engine/load-failed':
      return { ...state, loading: null };
    case 'engine/memory':
      return state.model === null ? state : { ...state, model: { ...state.model, memory: action.memory } };
    case 'engine/lost':
      return { ...state, model: null };
  }
}
