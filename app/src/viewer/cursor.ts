import type { Box } from '../../../src/index.ts';
import type { Size, XY } from './geometry.ts';

/** The keyboard's pointer: a pixel of the picture, and the first corner of a box that is half set. */
export interface Cursor {
  readonly at: XY;
  readonly corner: XY | null;
}

export function startCursor({ width, height }: Size): Cursor {
  return { at: { x: width >> 1, y: height >> 1 }, corner: null };
}

export function moveCursor(cursor: Cursor, by: XY, { width, height }: Size): Cursor {
  const clamp = (value: number, length: number) => Math.min(length - 1, Math.max(0, value));
  return { ...cursor, at: { x: clamp(cursor.at.x + by.x, width), y: clamp(cursor.at.y + by.y, height) } };
}

/** The first call sets a corner; the second gives the box of all pixels from there to here, both included. */
export function markCorner(cursor: Cursor): { cursor: Cursor; box: Box | null } {
  const { at, corner } = cursor;
  if (corner === null) return { cursor: { at, corner: at }, box: null };
  return { cursor: { at, corner: null }, box: boxOfPixels(corner, at) };
}

export function boxOfPixels(a: XY, b: XY): Box {
  return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x) + 1, Math.max(a.y, b.y) + 1];
}
