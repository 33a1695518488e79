import type { Size, XY } from '../viewer/geometry.ts';

/** Of pixels: x1 and y1 are on the far edge. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Where a row of pixels begins and ends to be covered, as numbers on a line; null where it is not. */
type Span = readonly [from: number, to: number] | null;

/**
 * The pixels that a round brush covers on its way from one place to another: those whose centres are within half the
 * diameter of the way, and the pixel that holds its end, so that the finest brush leaves a mark wherever it is set down.
 * @param row told of pixels x0 to x1 (excluded) of row y, within the picture
 * @returns the rectangle around all of them; null where the way passes beside the picture
 */
export function coverStroke(
  from: XY,
  to: XY,
  diameter: number,
  { width, height }: Size,
  row: (y: number, x0: number, x1: number) => void,
): Rect | null {
  const radius = diameter / 2;
  const [top, bottom] = [Math.min(from.y, to.y) - radius, Math.max(from.y, to.y) + radius];
  let rect: Rect | null = null;
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, bottom + 1); y++) {
    const centres = pixelsOf(spanOfRow(from, to, radius, y + 0.5));
    const pixels = y === Math.floor(to.y) ? hull(centres, [Math.floor(to.x), Math.floor(to.x) + 1]) : centres;
    if (pixels === null) continue;
    const [x0, x1] = [Math.max(0, pixels[0]), Math.min(width, pixels[1])];
    if (x0 >= x1) continue;
    row(y, x0, x1);
    rect = union(rect, { x0, y0: y, x1, y1: y + 1 });
  }
  return rect;
}

export function union(a: Rect | null, b: Rect): Rect {
  if (a === null) return b;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}

/** The pixels whose centres are within the span. */
function pixelsOf(span: Span): Span {
  if (span === null) return null;
  const [x0, x1] = [Math.ceil(span[0] - 0.5), Math.floor(span[1] - 0.5) + 1];
  return x0 < x1 ? [x0, x1] : null;
}

/** A disc moved along a line is convex: in each row it is one span, from its discs and the band between them. */
function spanOfRow(from: XY, to: XY, radius: number, y: number): Span {
  return hull(hull(disc(from, radius, y), disc(to, radius, y)), band(from, to, radius, y));
}

function disc({ x, y: centre }: XY, radius: number, y: number): Span {
  const square = radius ** 2 - (y - centre) ** 2;
  return square < 0 ? null : [x - Math.sqrt(square), x + Math.sqrt(square)];
}

/** What is beside the line, neither before its start nor behind its end. */
function band(from: XY, to: XY, radius: number, y: number): Span {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length === 0) return null;
  const down = y - from.y;
  // Both bounds are linear in how far x is from the start: along the line, and across it.
  const along = between(dx, down * dy, 0, length ** 2);
  const across = between(dy, -down * dx, -radius * length, radius * length);
  if (along === null || across === null) return null;
  const [x0, x1] = [Math.max(along[0], across[0]), Math.min(along[1], across[1])];
  return x0 <= x1 ? [from.x + x0, from.x + x1] : null;
}

/** All x with low <= slope * x + offset <= high. */
function between(slope: number, offset: number, low: number, high: number): Span {
  if (slope === 0) return low <= offset && offset <= high ? [-Infinity, Infinity] : null;
  const ends = [(low - offset) / slope, (high - offset) / slope];
  return [Math.min(...ends), Math.max(...ends)];
}

function hull(a: Span, b: Span): Span {
  if (a === null || b === null) return a ?? b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}
