import type { Tensor } from '../../graph/tensor.ts';
import type { Scope } from '../../nn/scope.ts';
import { bilinearTaps, type Taps } from '../../ops/resize-tables.ts';

/** Rows [from, channels] mixed to [taps.length, channels]. */
function mixRows(values: Float64Array | Float32Array, channels: number, taps: readonly Taps[]): Float64Array {
  const result = new Float64Array(taps.length * channels);
  taps.forEach(({ first, weights }, row) => {
    weights.forEach((weight, k) => {
      for (let c = 0; c < channels; c++) {
        const at = row * channels + c;
        result[at] = (result[at] ?? 0) + weight * (values[(first + k) * channels + c] ?? 0);
      }
    });
  });
  return result;
}

/**
 * SAM's absolute position table for a map of `side` x `side` tokens: the checkpoint's, resized bilinearly where the
 * sides differ (build_encoder.py, `resize_pos_embedding`).
 *
 * @returns [side * side, channels]
 */
export function absolutePositions(scope: Scope, stored: number, side: number, channels: number): Tensor {
  const source = [1, stored, stored, channels];
  const shape = [side * side, channels];
  if (stored === side) return scope.tensor('pos_embed', source, shape);
  return scope.derived(`pos_embed@${side}`, shape, [scope.source('pos_embed', source)], (values) => {
    const taps = bilinearTaps(stored, side);
    const tall = mixRows(values, stored * channels, taps);
    const result = new Float32Array(side * side * channels);
    for (let row = 0; row < side; row++) {
      const line = tall.subarray(row * stored * channels, (row + 1) * stored * channels);
      result.set(mixRows(line, channels, taps), row * side * channels);
    }
    return result;
  });
}

/**
 * A table of relative positions for windows `side` tokens long, resized linearly where the checkpoint's has another
 * length (image_encoder.py, `get_rel_pos`).
 *
 * @param axis h or w
 * @param stored rows that the checkpoint has
 * @returns [2 side - 1, channels]: row i is the distance i - (side - 1)
 */
export function relativePositions(
  attention: Scope,
  axis: 'h' | 'w',
  stored: number,
  side: number,
  channels: number,
): Tensor {
  const name = `rel_pos_${axis}`;
  const shape = [2 * side - 1, channels];
  const [rows] = shape as [number, number];
  if (stored === rows) return attention.tensor(name, shape);
  const source = attention.source(name, [stored, channels]);
  return attention.derived(`${name}@${side}`, shape, [source], (values) =>
    Float32Array.from(mixRows(values, channels, bilinearTaps(stored, rows))),
  );
}
