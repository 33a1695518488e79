import type { loadModel } from '../src/index.ts';
import type { StartTraining } from './train/engine.ts';

/** What a command sees of the world, so that tests can run one in their own process. */
export interface Terminal {
  /** One line, or several, to standard output. */
  out(text: string): void;
  /** Standard error: errors and progress. */
  readonly err: ErrorStream;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Has the command line wait this long for what is done after Ctrl-C, such as saving; half a second otherwise. */
  readonly waitAfterCancel?: (milliseconds: number) => void;
  /** In place of the training engine. */
  readonly startTraining?: StartTraining;
  /** In place of the engine's own: tests share one model, which compiles for long on a CPU. */
  readonly loadModel?: typeof loadModel;
}

/**
 * Lines in which names of files, or names in them, cannot move the cursor, turn the direction or hide: such characters
 * are escaped as JSON does, so that JSON stays the same.
 */
export const printable = (text: string): string =>
  text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );

export interface ErrorStream {
  write(text: string): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
}
