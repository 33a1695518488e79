import { meanDice, StepTime } from '../../src/tasks/train/curves.ts';
import { longDuration } from '../format.ts';
import type { Progress } from '../node/progress.ts';
import type { TrainingEvent } from './engine.ts';

/** The progress of a run in a line: epoch, loss, Dice, time left. */
export class Monitor {
  readonly #progress: Pick<Progress, 'show'>;
  readonly #epochs: number;
  readonly #steps: number;
  readonly #measured: 'validation' | 'training';
  readonly #now: () => number;
  readonly #stepTime: StepTime;
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
    this.#stepTime = new StepTime(this.#now());
  }

  show(event: TrainingEvent): void {
    if (event.kind === 'validation') {
      const dice = meanDice(event);
      const where = this.#measured === 'validation' ? 'val' : 'training';
      this.#dice = dice === null ? '' : `, ${where} Dice ${dice.toFixed(3)}`;
    } else {
      this.#loss = `, loss ${event.losses.total.toPrecision(4)}`;
      this.#stepTime.add(this.#now());
    }
    const left = this.#stepTime.mean * (this.#steps - event.step);
    const label = `epoch ${event.epoch}/${this.#epochs}${this.#loss}${this.#dice}, ${longDuration(left)} left`;
    this.#progress.show(label, event.step / this.#steps);
  }
}
