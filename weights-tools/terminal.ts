import type { loadModel } from '../src/index.ts';

/** What a command sees of the world, so that tests can run one in their own process. */
export interface Terminal {
  /** One line, or several, to standard output. */
  out(text: string): void;
  /** Standard error: errors and progress. */
  readonly err: ErrorStream;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** In place of the engine's own: tests share one model, which compiles for long on a CPU. */
  readonly loadModel?: typeof loadModel;
}

export interface ErrorStream {
  write(text: string): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
}
