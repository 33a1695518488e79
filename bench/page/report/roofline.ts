/** The roofs of a device as lines over flops a byte, and its kernels as points under them. */
import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { KernelRow } from '../../census/measure.ts';
import type { KernelReport } from '../../kernel-report.ts';
import { differs, FAMILIES, familyOf, intensityOf, type LogAxis, logAxis, rateOf, rowsOf } from './points.ts';
import { number } from './words.ts';

const WIDTH = 960;
const HEIGHT = 520;
const MARGIN = { left: 64, right: 24, top: 28, bottom: 48 };
/** Below the axis of arithmetic lies a strip for kernels without any. */
const STRIP = 84;

interface Frame {
  readonly x: (intensity: number) => number;
  readonly y: (gflops: number) => number;
  readonly xAxis: LogAxis;
  readonly yAxis: LogAxis;
}

function frameOf(rows: readonly KernelRow[], report: KernelReport, other?: KernelReport): Frame {
  const {
    f32 = 1,
    bandwidth = 1,
    f16 = f32,
  } = {
    f32: rateOf(report, 'f32'),
    f16: rateOf(report, 'f16'),
    bandwidth: rateOf(report, 'bandwidth'),
  };
  const computing = rows.filter(({ flops }) => flops > 0);
  const ridge = f32 / bandwidth;
  const older = other ? [rateOf(other, 'f32') ?? f32, rateOf(other, 'f16') ?? f16] : [];
  const xAxis = logAxis([...computing.map(intensityOf), ridge / 4, ridge * 4]);
  const yAxis = logAxis([...computing.map(({ gflops }) => gflops), f32, f16, f32 / 50, ...older]);
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  return {
    xAxis,
    yAxis,
    x: (intensity) => MARGIN.left + inner.width * xAxis.at(intensity),
    y: (gflops) => MARGIN.top + inner.height * (1 - yAxis.at(gflops)),
  };
}

/** A point is as large as its share of the part's time. */
const radiusOf = (share: number) => 3.5 + 22 * Math.sqrt(share);

export interface Hover {
  enter(row: KernelRow, event: MouseEvent): void;
  leave(): void;
}

/** @param other the same part of an older result: hollow points where it differs, with a line to those of now */
export function roofline(
  report: KernelReport,
  part: string,
  hover: Hover,
  other?: KernelReport,
): TemplateResult {
  const rows = rowsOf(report, part);
  const frame = frameOf([...rows, ...(other ? rowsOf(other, part) : [])], report, other);
  const computing = rows.filter(({ flops }) => flops > 0);
  const before = olderOf(rows, other);
  // Small points over large ones.
  const point = (row: KernelRow) => {
    const old = before.get(row.key);
    const [cx, cy] = [frame.x(intensityOf(row)), frame.y(row.gflops)];
    const oldY = old ? frame.y(old.gflops) : cy;
    return svg`<g class="point ${familyOf(row.kernel)}"
        @mousemove=${(event: MouseEvent) => hover.enter(row, event)} @mouseleave=${() => hover.leave()}>
      ${old ? svg`<line class="move" x1=${cx} x2=${cx} y1=${oldY} y2=${cy} /><circle class="old" cx=${cx} cy=${oldY} r="4" />` : nothing}
      <circle cx=${cx} cy=${cy} r=${radiusOf(row.share[part] ?? 0)} />
    </g>`;
  };
  return html`<figure>
    <svg class="roofline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="Kernels of ${part} under the measured roofs, both axes logarithmic">
      ${grid(frame)} ${other ? svg`<g class="before">${roofs(frame, other)}</g>` : nothing} ${roofs(frame, report)} ${computing.map(point)}
    </svg>
    ${strip(
      report,
      rows.filter(({ flops }) => flops === 0),
      part,
      hover,
      before,
    )} ${legend(rows, other !== undefined)}
  </figure>`;
}

/** What an older result has of the same kernels, where it is another figure. */
function olderOf(
  rows: readonly KernelRow[],
  other: KernelReport | undefined,
): ReadonlyMap<string, KernelRow> {
  const all = new Map(other?.rows.map((row) => [row.key, row]));
  return new Map(
    rows.flatMap((row) => {
      const old = all.get(row.key);
      return old && differs(row, old) ? [[row.key, old] as const] : [];
    }),
  );
}

function grid({ x, y, xAxis, yAxis }: Frame): TemplateResult {
  const [left, right] = [x(xAxis.from), x(xAxis.to)];
  const [bottom, top] = [y(yAxis.from), y(yAxis.to)];
  return svg`<g class="grid">
    ${xAxis.ticks.map((tick) => svg`<line x1=${x(tick)} x2=${x(tick)} y1=${top} y2=${bottom} /><text x=${x(tick)} y=${bottom + 18} text-anchor="middle">${number(tick)}</text>`)}
    ${yAxis.ticks.map((tick) => svg`<line x1=${left} x2=${right} y1=${y(tick)} y2=${y(tick)} /><text x=${left - 8} y=${y(tick) + 4} text-anchor="end">${number(tick)}</text>`)}
    <text class="title" x=${right} y=${bottom + 38} text-anchor="end">flops a byte, each operand counted once</text>
    <text class="title" x=${left - 52} y=${top - 12}>GFLOP/s</text>
  </g>`;
}

/** A line for each kind of arithmetic: up the bandwidth's slope, then level. */
function roofs({ x, y, xAxis, yAxis }: Frame, report: KernelReport): (TemplateResult | typeof nothing)[] {
  const bandwidth = rateOf(report, 'bandwidth');
  return (['f16', 'f32'] as const).map((name) => {
    const rate = rateOf(report, name);
    if (!rate || !bandwidth) return nothing;
    const ridge = rate / bandwidth;
    const start = Math.max(xAxis.from, yAxis.from / bandwidth);
    const points = [
      [start, start * bandwidth],
      [ridge, rate],
      [xAxis.to, rate],
    ] as const;
    const path = points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ');
    return svg`<g class="roof ${name}">
      <polyline points=${path} />
      <text x=${x(xAxis.to) - 4} y=${y(rate) - 8} text-anchor="end">${name} ${number(rate)} GFLOP/s</text>
      ${name === 'f32' ? svg`<text class="slope" text-anchor="end" x=${x(Math.sqrt(start * ridge)) - 10} y=${y(Math.sqrt(start * ridge) * bandwidth) - 8}>${number(bandwidth)} GB/s</text>` : nothing}
    </g>`;
  });
}

/** Kernels that only move bytes, along the bandwidth. */
function strip(
  report: KernelReport,
  rows: readonly KernelRow[],
  part: string,
  hover: Hover,
  before: ReadonlyMap<string, KernelRow>,
): TemplateResult | typeof nothing {
  const bandwidth = rateOf(report, 'bandwidth');
  if (rows.length === 0 || !bandwidth) return nothing;
  const older = rows.flatMap(({ key }) => before.get(key) ?? []);
  const axis = logAxis([...[...rows, ...older].map(({ gbps }) => gbps), bandwidth, bandwidth / 50]);
  const x = (gbps: number) => MARGIN.left + (WIDTH - MARGIN.left - MARGIN.right) * axis.at(gbps);
  const middle = 34;
  return html`<svg class="strip" viewBox="0 0 ${WIDTH} ${STRIP}" role="img"
    aria-label="Kernels of ${part} that count no flops, along the bandwidth">
    <g class="grid">
      <line x1=${x(axis.from)} x2=${x(axis.to)} y1=${middle} y2=${middle} />
      ${axis.ticks.map((tick) => svg`<text x=${x(tick)} y=${middle + 34} text-anchor="middle">${number(tick)}</text>`)}
      <text class="title" x=${x(axis.to)} y=${middle + 48} text-anchor="end">GB/s of kernels that count no flops</text>
    </g>
    <g class="roof f32"><line x1=${x(bandwidth)} x2=${x(bandwidth)} y1="8" y2=${middle + 20} /></g>
    ${rows.map((row) => {
      const old = before.get(row.key);
      return svg`<g class="point ${familyOf(row.kernel)}" @mousemove=${(event: MouseEvent) => hover.enter(row, event)} @mouseleave=${() => hover.leave()}>
          ${old ? svg`<line class="move" x1=${x(old.gbps)} x2=${x(row.gbps)} y1=${middle} y2=${middle} /><circle class="old" cx=${x(old.gbps)} cy=${middle} r="4" />` : nothing}
          <circle cx=${x(row.gbps)} cy=${middle} r=${Math.min(16, radiusOf(row.share[part] ?? 0))} /></g>`;
    })}
  </svg>`;
}

function legend(rows: readonly KernelRow[], two: boolean): TemplateResult {
  const there = new Set(rows.map(({ kernel }) => familyOf(kernel)));
  return html`<figcaption>
    ${FAMILIES.filter((family) => there.has(family)).map((family) => html`<span class="key ${family}">${family}</span>`)}
    ${two ? html`<span class="hint">hollow: the older result, where it differs by more than the noise</span>` : nothing}
    <span class="hint">a point is as large as its share of the time; those under the slope wait for memory</span>
  </figcaption>`;
}
