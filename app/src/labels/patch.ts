import type { Size } from '../viewer/geometry.ts';
import { type Rect, union } from './stroke.ts';

/** Pixels of a tile's side: small, so that a thin stroke across a large picture keeps little beside itself. */
export const TILE = 64;

/** What a change of a class map has overwritten, by tiles: undoing and redoing it are one exchange. */
export class Patch {
  readonly #map: Uint8Array;
  readonly #size: Size;
  readonly #columns: number;
  /** By the tile's number, in reading order. */
  readonly #tiles = new Map<number, Uint8Array>();

  constructor(map: Uint8Array, size: Size) {
    this.#map = map;
    this.#size = size;
    this.#columns = Math.ceil(size.width / TILE);
  }

  /** The patch that makes `map` equal to `next`; it is made at once. */
  static replacing(map: Uint8Array, size: Size, next: Uint8Array): Patch {
    const patch = new Patch(map, size);
    for (let y = 0; y < size.height; y++)
      for (let x = 0; x < size.width; x += TILE) {
        const end = Math.min(size.width, x + TILE);
        const [from, to] = [y * size.width + x, y * size.width + end];
        if (same(map, next, from, to)) continue;
        patch.touch(y, x, end);
        map.set(next.subarray(from, to), from);
      }
    return patch;
  }

  /** Keeps what pixels x0 to x1 (excluded) of row y are, before they are written for the first time. */
  touch(y: number, x0: number, x1: number): void {
    const row = Math.floor(y / TILE) * this.#columns;
    for (let column = Math.floor(x0 / TILE); column * TILE < x1; column++) {
      const tile = row + column;
      if (!this.#tiles.has(tile)) this.#tiles.set(tile, this.#copy(tile));
    }
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#tiles.size * TILE * TILE;
  }

  /** Whether the map is another one than before. */
  get isChange(): boolean {
    return [...this.#tiles].some(([tile, kept]) => {
      const now = this.#copy(tile);
      return !same(kept, now, 0, now.length);
    });
  }

  /** Exchanges what is kept with what is in the map. @returns around what changed; null where nothing did */
  swap(): Rect | null {
    let rect: Rect | null = null;
    for (const [tile, kept] of this.#tiles) {
      const place = this.#place(tile);
      this.#tiles.set(tile, this.#copy(tile));
      const width = place.x1 - place.x0;
      for (let y = place.y0; y < place.y1; y++)
        this.#map.set(
          kept.subarray((y - place.y0) * width, (y - place.y0 + 1) * width),
          y * this.#size.width + place.x0,
        );
      rect = union(rect, place);
    }
    return rect;
  }

  #copy(tile: number): Uint8Array {
    const { x0, y0, x1, y1 } = this.#place(tile);
    const copy = new Uint8Array((x1 - x0) * (y1 - y0));
    for (let y = y0; y < y1; y++) {
      const row = y * this.#size.width;
      copy.set(this.#map.subarray(row + x0, row + x1), (y - y0) * (x1 - x0));
    }
    return copy;
  }

  #place(tile: number): Rect {
    const [x0, y0] = [(tile % this.#columns) * TILE, Math.floor(tile / this.#columns) * TILE];
    const { width, height } = this.#size;
    return { x0, y0, x1: Math.min(width, x0 + TILE), y1: Math.min(height, y0 + TILE) };
  }
}

function same(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (a[i] !== b[i]) return false;
  return true;
}
