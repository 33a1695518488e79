import {
  isRepeated,
  type StepEvent,
  type TrainingEvent,
  type TrainingProgress,
  type TrainSettings,
  type ValidationEvent,
} from '../../../src/training.ts';
import type { Notice } from './session.ts';

/** What a person chooses of a training; the rest follows from the base and the labels. */
export interface TrainingChoices
  extends Pick<TrainSettings, 'epochs' | 'tokens' | 'learningRate' | 'augment' | 'train' | 'seed'> {
  /** Whether every fifth picture is held out to measure Dice on, where there are five. */
  readonly holdOut: boolean;
}

/**
 * preparing: base and pictures go to the GPU. pausing: after the step under way. saving: the model is being written.
 * paused: nothing runs; it can go on, also after a reload.
 */
export type RunPhase = 'preparing' | 'training' | 'pausing' | 'saving' | 'paused';

/** The training that is open. */
export interface RunState {
  readonly phase: RunPhase;
  /** Pictures learned from, and held out. */
  readonly training: number;
  readonly validation: number;
  /** Of the preparation. */
  readonly prepared: TrainingProgress;
  readonly step: number;
  readonly steps: number;
  readonly epochs: number;
  /** null before two steps were timed. */
  readonly millisecondsLeft: number | null;
}

/** The log of a training: its losses, and Dice of each class on the held-out pictures. */
export interface Curves {
  readonly classNames: readonly string[];
  readonly events: readonly TrainingEvent[];
}

export interface TrainingState {
  readonly choices: TrainingChoices;
  readonly run: RunState | null;
  /** Of the open training, or of the last one. */
  readonly curves: Curves;
  /** What went otherwise than expected; it stays until the next thing happens. */
  readonly message: Notice | null;
}

export type TrainingAction =
  | { readonly type: 'training/choices'; readonly change: Partial<TrainingChoices> }
  | { readonly type: 'training/run'; readonly run: RunState | null }
  | { readonly type: 'training/change'; readonly change: Partial<RunState> }
  | { readonly type: 'training/curves'; readonly curves: Curves }
  | { readonly type: 'training/event'; readonly event: TrainingEvent }
  | { readonly type: 'training/message'; readonly message: Notice | null };

/** What learned most on ten phantoms: README, 'From ten pictures'. The command line's defaults are the reference's. */
export const INITIAL_CHOICES: TrainingChoices = {
  epochs: 40,
  tokens: 10,
  learningRate: 5e-4,
  augment: 'mirror',
  train: 'ppn+lora',
  seed: 0,
  holdOut: true,
};

export const INITIAL_TRAINING: TrainingState = {
  choices: INITIAL_CHOICES,
  run: null,
  curves: { classNames: [], events: [] },
  message: null,
};

export function trainingReducer(state: TrainingState, action: TrainingAction): TrainingState {
  switch (action.type) {
    case 'training/choices':
      return { ...state, choices: { ...state.choices, ...action.change } };
    case 'training/run':
      return { ...state, run: action.run };
    case 'training/change':
      return state.run === null ? state : { ...state, run: { ...state.run, ...action.change } };
    case 'training/curves':
      return { ...state, curves: action.curves };
    case 'training/event':
      return { ...state, curves: { ...state.curves, events: added(state.curves.events, action.event) } };
    case 'training/message':
      return { ...state, message: action.message };
  }
}

function added(events: readonly TrainingEvent[], event: TrainingEvent): readonly TrainingEvent[] {
  return isRepeated(events.at(-1), event) ? events : [...events, event];
}

export function stepsOf({ events }: Curves): readonly StepEvent[] {
  return events.filter((event) => event.kind === 'step');
}

export function validationsOf({ events }: Curves): readonly ValidationEvent[] {
  return events.filter((event) => event.kind === 'validation');
}
