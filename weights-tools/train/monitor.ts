import type { Progress } from '../node/progress.ts';
import { meanDice } from './curves.ts';
import type { TrainingEvent } from './engine.ts';

/** The share of a new step in the running mean of a step's time. */
const NEWEST = 0.1;

/** The progress of a run in a line: epoch, loss, Dice, time left. */
export class Monitor {
  readonly #progress: Pick<Progress, 'show'>;
  readonly #epochs: number;
  readonly #steps: number;
  readonly #measured: 'validation' | 'training';
  readonly #now: () => number;
  #last: number;
  #stepMs: number | undefined;
  #loss = '';
  #dice = '';

  /** @param now milliseconds, rising */
  constructor(
    progress: Pick<Progress, 'show'>,
    run: {
      readonly epochs: number;
      readonly steps: number;
      readonly measured: 'validation' | 'training';
      readonly now?: () => number;
    },
  ) {
    this.#progress = progress;
    this.#epochs = run.epochs;
    this.#steps = run.steps;
    this.#measured = run.measured;
    this.#now = run.now ?? (() => performance.now());
    this.#last = this.#now();
  }

  show(event: TrainingEvent): void {
    if (event.kind === 'validation') {
      const dice = meanDice(event);
      const where = this.#measured === 'validation' ? 'val' : 'training';
      this.#dice = dice === null ? '' : `, ${where} Dice ${dice.toFixed(3)}`;
    } else {
      this.#loss = `, loss ${event.losses.total.toPrecision(4)}`;
      // What validations and checkpoints take between two steps counts, too.
      const took = this.#now() - this.#last;
      this.#last += took;
      this.#stepMs = this.#stepMs === undefined ? took : this.#stepMs + NEWEST * (took - this.#stepMs);
    }
    const left = (this.#stepMs ?? 0) * (this.#steps - event.step);
    const label = `epoch ${event.epoch}/${this.#epochs}${this.#loss}${this.#dice}, ${duration(left)} left`;
    this.#progress.show(label, event.step / this.#steps);
  }
}

/** Milliseconds as 0:07, 12:30 or 3:05:00. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
