/** How near a kernel comes to what the device can do: arithmetic on plain numbers. */
import type { Dispatch } from '../../src/graph/graph.ts';
import type { RoofName } from '../lab/roofs.ts';

/** Rates of the roofs at one time, in GFLOP/s and GB/s. */
export type Rates = Readonly<Partial<Record<RoofName, number>>>;

/** What a kernel needs at least. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
  /** What it multiplies in. */
  readonly arithmetic: 'f32' | 'f16';
}

export const arithmeticOf = ({ kernel }: Dispatch): Work['arithmetic'] =>
  kernel.features.includes('shader-f16') ? 'f16' : 'f32';

/** The milliseconds that each roof asks for, and which one asks for more. */
export function floorOf({ flops, bytes, arithmetic }: Work, rates: Rates) {
  const compute = flops / (rates[arithmetic] ?? rates.f32 ?? Number.NaN) / 1e6;
  const memory = bytes / (rates.bandwidth ?? Number.NaN) / 1e6;
  return compute > memory
    ? ({ ms: compute, roof: arithmetic } as const)
    : ({ ms: memory, roof: 'bandwidth' } as const);
}

/** The middle of what lies within `reach` places of `at`: roofs are noisy, too, and drift. */
export function smoothed(values: readonly number[], at: number, reach = 2): number {
  const near = values.slice(Math.max(0, at - reach), at + reach + 1).sort((a, b) => a - b);
  return near[Math.floor(near.length / 2)] ?? Number.NaN;
}
