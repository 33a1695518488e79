import { expect, test } from 'vitest';
import { Patch, TILE } from '../../app/src/labels/patch.ts';
import { coverStroke, type Rect } from '../../app/src/labels/stroke.ts';
import type { XY } from '../../app/src/viewer/geometry.ts';
import { randomStream } from '../../src/evaluation.ts';

const size = { width: 40, height: 30 };

function covered(from: XY, to: XY, diameter: number): { map: Uint8Array; rect: Rect | null } {
  const map = new Uint8Array(size.width * size.height);
  const rect = coverStroke(from, to, diameter, size, (y, x0, x1) => {
    expect(0 <= x0 && x0 < x1 && x1 <= size.width && 0 <= y && y < size.height).toBe(true);
    map.fill(1, y * size.width + x0, y * size.width + x1);
  });
  return { map, rect };
}

/** The definition: how far the middle of a pixel is from the way. */
function distanceToWay(x: number, y: number, from: XY, to: XY): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = ((x + 0.5 - from.x) * dx + (y + 0.5 - from.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(x + 0.5 - from.x - share * dx, y + 0.5 - from.y - share * dy);
}

test('a stroke covers the pixels within half its diameter, wherever it goes', () => {
  const random = randomStream(7);
  const place = () => ({ x: random() * 56 - 8, y: random() * 46 - 8 });
  for (let round = 0; round < 300; round++) {
    const [from, to] = [place(), round % 5 === 0 ? place() : { x: random() * 40, y: random() * 30 }];
    // Every fourth way is level or upright, where slopes are 0.
    const end = round % 4 === 0 ? { x: from.x, y: to.y } : round % 4 === 1 ? { x: to.x, y: from.y } : to;
    const diameter = 1 + Math.floor(random() * 15);
    const { map, rect } = covered(from, end, diameter);
    let box: Rect | null = null;
    const wrong: string[] = [];
    for (let y = 0; y < size.height; y++)
      for (let x = 0; x < size.width; x++) {
        const beyond = distanceToWay(x, y, from, end) - diameter / 2;
        const holdsEnd = Math.floor(end.x) === x && Math.floor(end.y) === y;
        const isCovered = map[y * size.width + x] === 1;
        if (isCovered) box = around(box, x, y);
        // On the brush's very edge rounding decides.
        const isSure = Math.abs(beyond) > 1e-9;
        if (isSure && isCovered !== (beyond < 0 || holdsEnd)) wrong.push(`${x} ${y}`);
      }
    expect(wrong).toEqual([]);
    expect(rect).toEqual(box);
  }
});

function around(box: Rect | null, x: number, y: number): Rect {
  const { x0, y0, x1, y1 } = box ?? { x0: x, y0: y, x1: x + 1, y1: y + 1 };
  return {
    x0: Math.min(x0, x),
    y0: Math.min(y0, y),
    x1: Math.max(x1, x + 1),
    y1: Math.max(y1, y + 1),
  };
}

test('the finest brush marks the pixel under the pointer, and a fast drag with it has no gap', () => {
  expect(covered({ x: 3.02, y: 4.98 }, { x: 3.02, y: 4.98 }, 1).map[4 * size.width + 3]).toBe(1);
  const { map } = covered({ x: 1.3, y: 28.4 }, { x: 38.9, y: 3.1 }, 1);
  for (let x = 2; x < 38; x++) {
    const rows = [...Array(size.height).keys()].filter((y) => map[y * size.width + x] === 1);
    const next = [...Array(size.height).keys()].filter((y) => map[y * size.width + x + 1] === 1);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.some((y) => next.some((other) => Math.abs(other - y) <= 1))).toBe(true);
  }
});

test('beside the picture nothing is covered', () => {
  expect(covered({ x: -20, y: 5 }, { x: -9, y: 5 }, 7).rect).toBeNull();
  expect(covered({ x: 50, y: 40 }, { x: 50, y: 40 }, 7).rect).toBeNull();
});

test('a patch keeps the tiles that were written, not the picture, and exchanges them', () => {
  const large = { width: 4096, height: 3000 };
  const map = new Uint8Array(large.width * large.height);
  const patch = new Patch(map, large);
  coverStroke({ x: 5, y: 5 }, { x: 4090, y: 2990 }, 9, large, (y, x0, x1) => {
    patch.touch(y, x0, x1);
    map.fill(3, y * large.width + x0, y * large.width + x1);
  });
  // A diagonal passes about as many tiles as there are columns and rows of them.
  expect(patch.bytes).toBeLessThan(2 * (4096 / TILE + 3000 / TILE) * TILE * TILE);
  const painted = map.slice();
  patch.swap();
  expect(map.every((value) => value === 0)).toBe(true);
  patch.swap();
  expect(Buffer.compare(map, painted)).toBe(0);
});

test('a patch that replaces a map keeps what differs', () => {
  const map = Uint8Array.from({ length: 200 * 100 }, (_, i) => i % 3);
  const before = map.slice();
  const next = map.slice();
  next[199] = 9;
  const patch = Patch.replacing(map, { width: 200, height: 100 }, next);
  expect(Buffer.compare(map, next)).toBe(0);
  expect(patch.bytes).toBe(TILE * TILE);
  expect(patch.swap()).toEqual({ x0: 192, y0: 0, x1: 200, y1: 64 });
  expect(Buffer.compare(map, before)).toBe(0);
});
