/** What is drawn and said of a training while it runs: its events as points, the axes they lie on, the time that is left. */
import type { StepEvent, TrainingEvent, ValidationEvent } from './job.ts';
import type { StepLosses } from './trainer.ts';

/** x, y; ascending in x. */
export type Points = readonly (readonly [x: number, y: number])[];

/** Whether an event is the last one again: a run that goes on measures an epoch that was measured before it was interrupted. */
export function isRepeated(last: TrainingEvent | undefined, event: TrainingEvent): boolean {
  return last?.kind === event.kind && last.step === event.step;
}

/** The mean over the classes that have one; null where none has. */
export function meanDice({ dice }: Pick<ValidationEvent, 'dice'>): number | null {
  const values = dice.filter((one) => one !== null);
  return values.length > 0 ? values.reduce((sum, one) => sum + one, 0) / values.length : null;
}

/** Dice of a class, from 0; of all classes together without a number. */
export function dicePoints(validations: readonly ValidationEvent[], classIndex?: number): Points {
  return validations.flatMap((event) => {
    const value = classIndex === undefined ? meanDice(event) : (event.dice[classIndex] ?? null);
    return value === null ? [] : [[event.step, value] as const];
  });
}

/** Means of a loss over the epochs, at their last steps. */
export function epochMeans(steps: readonly StepEvent[], term: keyof StepLosses): Points {
  const epochs = new Map<number, { sum: number; count: number; last: number }>();
  for (const { step, epoch, losses } of steps) {
    const before = epochs.get(epoch) ?? { sum: 0, count: 0, last: 0 };
    epochs.set(epoch, { sum: before.sum + losses[term], count: before.count + 1, last: step });
  }
  return [...epochs.values()].map(({ sum, count, last }) => [last, sum / count] as const);
}

/** Means of neighbours, where there are more points than can be told apart. */
export function thinned(points: Points, most: number): Points {
  const size = Math.ceil(points.length / most);
  if (size < 2) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const some = points.slice(i * size, (i + 1) * size);
    const mean = (axis: 0 | 1) => some.reduce((sum, point) => sum + point[axis], 0) / some.length;
    return [mean(0), mean(1)] as const;
  });
}

/** A chart's vertical axis: where a value goes, and which are written beside it. */
export interface Scale {
  /** 0 at the bottom, 1 at the top. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

const ROUND = Array.from({ length: 28 }, (_, i) => i - 14).flatMap((decade) =>
  [1, 2, 5].map((digit) => Number((digit * 10 ** decade).toPrecision(1))),
);
const MOST_TICKS = 6;

/** Logarithmic, from a round number below all values to one above; what is not positive has no place. */
export function logScale(values: readonly number[]): Scale {
  // A value a step: more than a call takes as its arguments.
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    if (!(value > 0 && Number.isFinite(value))) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (most === 0) return logScale([1]);
  const low = ROUND.findLast((candidate) => candidate <= least) ?? least;
  const high = ROUND.find((candidate) => candidate >= most && candidate > low) ?? most;
  const inside = ROUND.filter((candidate) => candidate >= low && candidate <= high);
  const decades = inside.filter((tick) => Number.isInteger(Number(Math.log10(tick).toFixed(9))));
  const span = Math.log(high / low);
  return {
    place: (value) => Math.log(value / low) / span,
    ticks: inside.length > MOST_TICKS ? decades : inside,
  };
}

/** 0 and some round numbers up to `last`. */
export function ticksTo(last: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, last)));
  const step = [0.2, 0.5, 1, 2].map((one) => one * magnitude).find((one) => last / one <= 5) ?? last;
  const whole = Math.max(1, Math.round(step));
  return Array.from({ length: Math.floor(last / whole) + 1 }, (_, i) => i * whole);
}

/** The share of a new step in the running mean of a step's time. */
const NEWEST = 0.1;

/** The running mean of a step's time: what measurements and checkpoints take between two steps counts, too. */
export class StepTime {
  #last: number;
  #mean: number | undefined;

  /** @param now milliseconds, rising */
  constructor(now: number) {
    this.#last = now;
  }

  /** A step is done. */
  add(now: number): void {
    const took = now - this.#last;
    const mean = this.#mean ?? took;
    [this.#last, this.#mean] = [now, mean + NEWEST * (took - mean)];
  }

  /** Milliseconds; 0 before the first step. */
  get mean(): number {
    return this.#mean ?? 0;
  }
}

/** Milliseconds as 0:07, 12:30 or 3:05:00. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
