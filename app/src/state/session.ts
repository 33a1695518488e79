import type { SceneResult } from '../engine/protocol.ts';

/** What the engine is doing for the open picture. */
export type Activity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'decoding' }
  | { readonly kind: 'encoding'; readonly done: number }
  | { readonly kind: 'predicting' };

/** A sentence for the person; it stays until it is closed or replaced. */
export interface Notice {
  readonly tone: 'error' | 'info';
  readonly text: string;
}

/** What is true of the open picture only, and of this moment. */
export interface SessionState {
  readonly activity: Activity;
  /** The masks on show; null before the first prediction. */
  readonly result: SceneResult | null;
  readonly encodeMilliseconds: number | null;
  readonly notice: Notice | null;
}

export type SessionAction =
  | { readonly type: 'session/reset' }
  | { readonly type: 'session/activity'; readonly activity: Activity }
  | { readonly type: 'session/encoded'; readonly milliseconds: number }
  | { readonly type: 'session/result'; readonly result: SceneResult | null }
  | { readonly type: 'session/notice'; readonly notice: Notice | null };

export const IDLE: Activity = { kind: 'idle' };

export const INITIAL_SESSION: SessionState = {
  activity: IDLE,
  result: null,
  encodeMilliseconds: null,
  notice: null,
};

export function sessionReducer(state: SessionState, action: SessionAction): SessionState {
  switch (action.type) {
    case 'session/reset':
      return { ...INITIAL_SESSION, notice: state.notice };
    case 'session/activity':
      return { ...state, activity: action.activity };
    case 'session/encoded':
      return { ...state, encodeMilliseconds: action.milliseconds };
    case 'session/result':
      return { ...state, result: action.result };
    case 'session/notice':
      return { ...state, notice: action.notice };
  }
}
