import { contour, pathData } from '../../../src/index.ts';
import type { LabelEntry } from '../state/labels.ts';
import type { Size } from '../viewer/geometry.ts';
import type { Rect } from './stroke.ts';

/** SVG path data in pixels of the picture, by class number. */
export type Outlines = Readonly<Record<number, string>>;

/** Outlines of all classes of a map. Each is looked for within the box around its class alone. */
export function outlinesOf(map: Uint8Array, { width, height }: Size): Outlines {
  const outlines: Record<number, string> = {};
  boxesOf(map, width, height).forEach(({ x0, y0, x1, y1 }, classNumber) => {
    const [columns, rows] = [x1 - x0, y1 - y0];
    const part = new Uint8Array(columns * rows);
    for (let y = 0; y < rows; y++) {
      const from = (y0 + y) * width + x0;
      part.set(map.subarray(from, from + columns), y * columns);
    }
    const polygons = contour(part, columns, rows, classNumber);
    outlines[classNumber] = pathData(
      polygons.map((polygon) => polygon.map(([x, y]) => [x + x0, y + y0] as const)),
    );
  });
  return outlines;
}

function boxesOf(map: Uint8Array, width: number, height: number): Map<number, Rect> {
  const boxes = new Map<number, { x0: number; y0: number; x1: number; y1: number }>();
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const classNumber = map[y * width + x] ?? 0;
      if (classNumber === 0) continue;
      const box = boxes.get(classNumber);
      if (box === undefined) boxes.set(classNumber, { x0: x, y0: y, x1: x + 1, y1: y + 1 });
      else {
        if (x < box.x0) box.x0 = x;
        if (x >= box.x1) box.x1 = x + 1;
        box.y1 = y + 1;
      }
    }
  return boxes;
}

/** Outlines of the label on show, computed again only where it changed: then the state has another entry for it. */
export class KeptOutlines {
  #of: { readonly entry: LabelEntry; readonly outlines: Outlines } | null = null;

  get(map: Uint8Array, entry: LabelEntry, size: Size): Outlines {
    if (this.#of?.entry !== entry) this.#of = { entry, outlines: outlinesOf(map, size) };
    return this.#of.outlines;
  }
}
