/** A chart's vertical axis: where a value goes, and which are written beside it. */
export interface Scale {
  /** 0 at the bottom, 1 at the top. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

export const SHARE: Scale = { place: (value) => value, ticks: [0, 0.25, 0.5, 0.75, 1] };

const ROUND = Array.from({ length: 28 }, (_, i) => i - 14).flatMap((decade) =>
  [1, 2, 5].map((digit) => Number((digit * 10 ** decade).toPrecision(1))),
);
const MOST_TICKS = 6;

/** Logarithmic, from a round number below all values to one above; what is not positive has no place. */
export function logScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return logScale([1]);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
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
