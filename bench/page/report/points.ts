/** A result's kernels as points of a picture: plain numbers, drawn elsewhere. */
import { noiseOf } from '../../baseline/compare.ts';
import type { KernelRow } from '../../census/measure.ts';
import type { KernelReport } from '../../kernel-report.ts';
import type { RoofName } from '../../lab/roofs.ts';

/** What kernels have in common that are drawn in one colour. */
export const FAMILIES = ['product', 'convolution', 'attention', 'norm', 'rest'] as const;
export type Family = (typeof FAMILIES)[number];

export function familyOf(kernel: string): Family {
  if (/^(matmul|dot_rows)/.test(kernel)) return 'product';
  if (/^conv/.test(kernel)) return 'convolution';
  if (/^attention/.test(kernel)) return 'attention';
  if (/^(layernorm|upscale_norm)/.test(kernel)) return 'norm';
  return 'rest';
}

/** The kernels of a part, most of its time first. */
export function rowsOf({ rows }: KernelReport, part: string): KernelRow[] {
  return rows
    .filter(({ share }) => part in share)
    .sort((a, b) => (b.share[part] ?? 0) - (a.share[part] ?? 0));
}

export const rateOf = ({ roofs }: KernelReport, name: RoofName): number | undefined =>
  roofs.find((roof) => roof.name === name)?.rate?.median;

/** Whether a kernel's share of its roof differs from an older result's by more than both scatter. */
export const differs = (row: KernelRow, old: KernelRow): boolean =>
  Math.abs(row.ofRoof.median - old.ofRoof.median) > noiseOf([old.ofRoof], row.ofRoof);

/** Flops a byte. */
export const intensityOf = ({ flops, bytes }: KernelRow): number => flops / bytes;

/** An axis of powers of ten. */
export interface LogAxis {
  readonly from: number;
  readonly to: number;
  /** Where a value lies, 0 to 1. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Around all of `values`, out to the nearest 1, 2 or 5 of a power of ten. */
export function logAxis(values: readonly number[]): LogAxis {
  const known = values.filter((value) => Number.isFinite(value) && value > 0);
  const [least, most] = known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0.1, 10];
  const from = stepBelow(least);
  const to = stepAbove(Math.max(most, from * 2));
  const span = Math.log(to / from);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    const tick = 10 ** power;
    if (tick >= from * 0.999 && tick <= to * 1.001) ticks.push(tick);
  }
  return { from, to, ticks, at: (value) => Math.log(value / from) / span };
}

const STEPS = [1, 2, 5, 10];

function stepBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * Math.max(...STEPS.filter((step) => step * power <= value * 1.0001));
}

function stepAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * Math.min(...STEPS.filter((step) => step * power >= value * 0.9999));
}
