import { type ErrorStream, printable } from '../terminal.ts';

const BAR_CELLS = 24;
/** A terminal is redrawn at most this often. */
const FRAME_MS = 80;
/** A log gets its first line after this long, and then one each time it has passed again. */
const LOG_MS = 5000;

/** A bar on a terminal; in a log a line now and then, and nothing for short work. */
export class Progress {
  readonly #stream: ErrorStream;
  readonly #isQuiet: boolean;
  #last: number;
  #isDrawn = false;

  constructor(stream: ErrorStream, isQuiet: boolean) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
    this.#last = performance.now();
  }

  /** @param share 0 to 1, or undefined where the total is not known */
  show(name: string, share: number | undefined): void {
    if (this.#isQuiet) return;
    const now = performance.now();
    const wait = this.#stream.isTTY ? FRAME_MS : LOG_MS;
    if (now - this.#last < wait) return;
    this.#last = now;
    const label = printable(name);
    const percent = share === undefined ? '' : `${Math.round(share * 100)} %`;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${label} ${percent || '...'}\n`);
      return;
    }
    const filled = Math.round(Math.min(1, share ?? 0) * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const line = `${bar} ${percent.padStart(5)} ${label}`.slice(0, (this.#stream.columns || 80) - 1);
    this.#stream.write(`\r${line}\u001b[K`);
    this.#isDrawn = true;
  }

  /** Takes the bar away, before anything else is printed. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
    this.#isDrawn = false;
  }
}
