/** A line chart as SVG text: fixed size, white ground, no script, no font or style from elsewhere. */
import { logScale, type Points, type Scale, thinned, ticksTo } from '../../src/tasks/train/curves.ts';

export interface Series {
  readonly name: string;
  /** A CSS colour. */
  readonly colour: string;
  readonly points: Points;
  /** Behind the others, thin and without an entry in the legend. */
  readonly isFaint?: boolean;
}

export interface Panel {
  readonly title: string;
  /** Values of y: logarithmic where all are positive, or within fixed bounds. */
  readonly scale: 'log' | readonly [low: number, high: number];
  readonly series: readonly Series[];
}

const WIDTH = 720;
const PANEL_HEIGHT = 260;
const PLOT = { left: 56, right: WIDTH - 150, top: 34, bottom: PANEL_HEIGHT - 36 } as const;
/** More points than pixels draw the same line. */
const MOST_POINTS = 1000;

/**
 * Panels above each other over one x axis.
 * @param xLabel what x counts
 */
export function chartSvg(panels: readonly Panel[], xLabel: string): string {
  const lasts = panels.flatMap(({ series }) => series.map(({ points }) => points.at(-1)?.[0] ?? 0));
  const longest = Math.max(1, ...lasts);
  const height = panels.length * PANEL_HEIGHT;
  const body = panels.map(
    (panel, at) =>
      `<g transform="translate(0 ${at * PANEL_HEIGHT})">${drawPanel(panel, longest, xLabel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${body.join('')}</svg>\n`;
}

function drawPanel({ title, scale, series }: Panel, longest: number, xLabel: string): string {
  const values = series.flatMap(({ points }) => points.map(([, y]) => y));
  const y = scale === 'log' ? logScale(values) : linearScale(scale);
  const placeX = (x: number) => PLOT.left + (x / longest) * (PLOT.right - PLOT.left);
  const placeY = (value: number) => PLOT.bottom - y.place(value) * (PLOT.bottom - PLOT.top);
  const rows = y.ticks.map((tick) => {
    const at = rounded(placeY(tick));
    return `<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="#e3e3e3"/><text x="${PLOT.left - 6}" y="${at + 4}" text-anchor="end">${tick}</text>`;
  });
  const columns = ticksTo(longest).map(
    (tick) =>
      `<text x="${rounded(placeX(tick))}" y="${PLOT.bottom + 16}" text-anchor="middle">${tick}</text>`,
  );
  const ordered = [...series].sort((a, b) => Number(b.isFaint ?? false) - Number(a.isFaint ?? false));
  const lines = ordered.map(({ points, colour, isFaint }) => {
    const shown = thinned(
      points.filter(([, value]) => Number.isFinite(y.place(value))),
      MOST_POINTS,
    );
    const places = shown.map(([x, value]) => `${rounded(placeX(x))} ${rounded(placeY(value))}`);
    const look = isFaint ? 'stroke-width="1" stroke-opacity="0.3"' : 'stroke-width="2"';
    const [only] = places;
    if (places.length === 1 && only)
      return `<circle cx="${only.split(' ')[0]}" cy="${only.split(' ')[1]}" r="3" fill="${colour}"/>`;
    return places.length > 1
      ? `<path d="M${places.join('L')}" fill="none" stroke="${colour}" stroke-linejoin="round" ${look}/>`
      : '';
  });
  const legend = series
    .filter(({ isFaint }) => !isFaint)
    .map(
      ({ name, colour }, at) =>
        `<path d="M${PLOT.right + 12} ${PLOT.top + 8 + at * 18}h16" stroke="${colour}" stroke-width="3"/><text x="${PLOT.right + 34}" y="${PLOT.top + 12 + at * 18}">${escaped(name)}</text>`,
    );
  const axes = `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="#888"/><text x="${PLOT.right}" y="${PLOT.bottom + 32}" text-anchor="end">${escaped(xLabel)}</text>`;
  const heading = `<text x="${PLOT.left}" y="20" font-size="14" font-weight="600">${escaped(title)}</text>`;
  return [heading, ...rows, ...columns, axes, ...lines, ...legend].join('');
}

function linearScale([low, high]: readonly [number, number]): Scale {
  const ticks = Array.from({ length: 6 }, (_, i) => Number((low + ((high - low) * i) / 5).toPrecision(3)));
  return { place: (value) => (value - low) / (high - low), ticks };
}

const rounded = (value: number) => Math.round(value * 10) / 10;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Class names are anybody's text. */
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
