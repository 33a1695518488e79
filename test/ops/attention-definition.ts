/** A map of tokens and the windows that tile it, both [height, width]. */
export interface Windowed {
  readonly map: readonly [number, number];
  readonly window: readonly [number, number];
}

export interface AttentionCase {
  readonly query: Windowed;
  readonly key: Windowed;
  readonly heads: number;
  readonly headDim: number;
  readonly batch?: number;
}

/** Values of an operand: row `row` begins at `row * stride + start`. */
export interface Operand {
  readonly values: ArrayLike<number>;
  readonly stride: number;
  readonly start: number;
}

/**
 * The definition of attention in f64, all scores of a query at once. Keys outside of the map are `pad`'s k and v.
 *
 * @returns [batch, query map, heads * headDim]
 */
export function attend(
  q: Operand,
  k: Operand,
  v: Operand,
  { query, key, heads, headDim, batch = 1 }: AttentionCase,
  pad: ArrayLike<number> = [],
): Float64Array {
  const [queryRows, keyRows] = [query.map[0] * query.map[1], key.map[0] * key.map[1]];
  const dim = heads * headDim;
  const result = new Float64Array(batch * queryRows * dim);
  const keys = key.window[0] * key.window[1];
  const weights = new Float64Array(keys);
  // Central differences evaluate this thousands of times: no call and no allocation in the inner loops.
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < queryRows; t++) {
      const window = [
        Math.floor(Math.floor(t / query.map[1]) / query.window[0]),
        Math.floor((t % query.map[1]) / query.window[1]),
      ] as const;
      const rows = keyRowsOf(key, window);
      for (let h = 0; h < heads; h++) {
        const from = (b * queryRows + t) * q.stride + q.start + h * headDim;
        let highest = Number.NEGATIVE_INFINITY;
        for (let u = 0; u < keys; u++) {
          const row = rows[u] as number;
          const values = row < 0 ? pad : k.values;
          const at = (row < 0 ? 0 : (b * keyRows + row) * k.stride) + k.start + h * headDim;
          let score = 0;
          for (let c = 0; c < headDim; c++)
            score += (q.values[from + c] as number) * (values[at + c] as number);
          weights[u] = score / Math.sqrt(headDim);
          highest = Math.max(highest, weights[u] as number);
        }
        let total = 0;
        for (let u = 0; u < keys; u++) {
          weights[u] = Math.exp((weights[u] as number) - highest);
          total += weights[u] as number;
        }
        const to = (b * queryRows + t) * dim + h * headDim;
        for (let u = 0; u < keys; u++) {
          const row = rows[u] as number;
          const values = row < 0 ? pad : v.values;
          const at = (row < 0 ? 0 : (b * keyRows + row) * v.stride) + v.start + h * headDim;
          const weight = (weights[u] as number) / total;
          for (let c = 0; c < headDim; c++)
            result[to + c] = (result[to + c] as number) + weight * (values[at + c] as number);
        }
      }
    }
  return result;
}

const known = new Map<string, Int32Array>();

/** The map's rows of a window's tokens, -1 outside of the map. */
function keyRowsOf({ map, window }: Windowed, [y, x]: readonly [number, number]): Int32Array {
  const name = `${map} ${window} ${y} ${x}`;
  let rows = known.get(name);
  if (!rows) {
    rows = Int32Array.from({ length: window[0] * window[1] }, (_, u) => {
      const [row, col] = [y * window[0] + Math.floor(u / window[1]), x * window[1] + (u % window[1])];
      return row < map[0] && col < map[1] ? row * map[1] + col : -1;
    });
    known.set(name, rows);
  }
  return rows;
}
