import { at } from './definitions.ts';

export interface WindowCase {
  readonly map: readonly [height: number, width: number];
  readonly window: readonly [height: number, width: number];
  readonly heads: number;
  readonly headDim: number;
}

/** What a pair of tokens adds to its score: by head, the query's values, and the distance in rows and columns. */
export type PairBias = (head: number, query: readonly number[], dy: number, dx: number) => number;

/**
 * The definition in f64: the map is padded to whole windows with tokens whose projection is `pad`, every window attends
 * to itself with all its scores at once, and the padding is dropped. qkv is [map, 3 * heads * headDim].
 */
export function attendWindows(
  qkv: ArrayLike<number>,
  pad: ArrayLike<number>,
  each: WindowCase,
  bias: PairBias,
): number[] {
  const { map, window, heads, headDim } = each;
  const dim = heads * headDim;
  const token = (y: number, x: number, which: number, head: number) => {
    const inside = y < map[0] && x < map[1];
    const base = (inside ? (y * map[1] + x) * 3 * dim : 0) + which * dim + head * headDim;
    return Array.from({ length: headDim }, (_, c) => at(inside ? qkv : pad, base + c));
  };
  const result = new Array<number>(map[0] * map[1] * dim);
  for (let y = 0; y < map[0]; y++)
    for (let x = 0; x < map[1]; x++)
      for (let head = 0; head < heads; head++) {
        const query = token(y, x, 0, head);
        const [top, left] = [y - (y % window[0]), x - (x % window[1])];
        const cells = Array.from({ length: window[0] * window[1] }, (_, u) => [
          top + Math.floor(u / window[1]),
          left + (u % window[1]),
        ]) as [number, number][];
        const scores = cells.map(([ky, kx]) => {
          const key = token(ky, kx, 1, head);
          const product = query.reduce((sum, value, c) => sum + value * at(key, c), 0);
          return product / Math.sqrt(headDim) + bias(head, query, y - ky, x - kx);
        });
        const highest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - highest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const values = cells.map(([ky, kx]) => token(ky, kx, 2, head));
        for (let c = 0; c < headDim; c++)
          result[(y * map[1] + x) * dim + head * headDim + c] = values.reduce(
            (sum, value, u) => sum + (at(weights, u) / total) * at(value, c),
            0,
          );
      }
  return result;
}
