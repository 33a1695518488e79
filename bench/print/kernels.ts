import type { KernelRow } from '../census/measure.ts';
import type { KernelReport } from '../kernel-report.ts';
import type { LadderReport } from '../kernels/measure.ts';
import type { Roof } from '../lab/roofs.ts';
import { table } from '../results.ts';

const percent = (share: number) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const digits = (value: number) => (value < 100 ? value.toPrecision(3) : value.toFixed(0));

/** Rows of less than this share of a part are counted together. */
const LEAST_SHARE = 0.01;

export function roofLines(roofs: readonly Roof[]): string {
  const rows = roofs.map(({ name, unit, rate, note, what }) => [
    name,
    rate ? `${digits(rate.median)} ${unit}` : note,
    rate ? `${digits(rate.q1)} to ${digits(rate.q3)}` : '',
    rate ? note : '',
    `  ${what}`,
  ]);
  return table([['roof', 'measured', 'quartiles', 'kernel', ''], ...rows]);
}

const shapeOf = (shape: string) => (shape.length > 56 ? `${shape.slice(0, 55)}…` : shape);

function rowOf(row: KernelRow, part: string): string[] {
  const count = row.uses.find((use) => use.part === part)?.count ?? 0;
  const { median, q1, q3 } = row.ofRoof;
  return [
    `${row.kernel.replace(/\(.*/, '')} ${shapeOf(row.shape)}`,
    String(count),
    digits(row.ms.median),
    row.flops > 0 ? digits(row.gflops) : '',
    digits(row.gbps),
    percent(median),
    `${(100 * q1).toFixed(0)} to ${(100 * q3).toFixed(0)}`,
    row.roof,
    percent(row.share[part] ?? 0),
  ];
}

/** A table a part: what it spends its time on, most first. */
export function kernelTables({ rows, parts }: KernelReport, all: boolean): string {
  return parts
    .map(({ part, dispatches, gflop, ms, ofRoof }) => {
      const own = rows
        .filter((row) => part in row.share)
        .sort((a, b) => (b.share[part] ?? 0) - (a.share[part] ?? 0));
      const shown = own.filter((row) => all || (row.share[part] ?? 0) >= LEAST_SHARE);
      const rest = own.slice(shown.length);
      const share = rest.reduce((sum, row) => sum + (row.share[part] ?? 0), 0);
      return [
        `${part}: ${dispatches} dispatches, ${own.length} of them different, ${digits(gflop)} GFLOP, ${digits(ms)} ms in all, ${percent(ofRoof)} of the roofs`,
        table([
          ['', 'n', 'ms', 'GFLOP/s', 'GB/s', 'of roof', 'quartiles', 'nearer roof', 'share'],
          ...shown.map((row) => rowOf(row, part)),
        ]),
        ...(rest.length > 0 ? [`and ${rest.length} more, ${percent(share)} together (--all)`] : []),
      ].join('\n');
    })
    .join('\n\n');
}

export function ladderTable({ rows }: LadderReport): string {
  return table([
    ['', 'kernel', 'ms', 'GFLOP/s', 'GB/s', 'of roof', 'of v0', 'of product', 'compile ms'],
    ...rows.map((row) => [
      `${row.op} ${row.name}`,
      row.kernel,
      row.ms.toFixed(2),
      row.gflops.toFixed(2),
      row.gbps.toFixed(2),
      percent(row.ofRoof),
      row.gain === null ? '' : `${row.gain.toFixed(1)}x`,
      row.ofProduct === null ? '' : percent(row.ofProduct),
      row.compileMs.toFixed(0),
    ]),
  ]);
}
