import { bilinearTaps, type Taps } from '../ops/resize-tables.ts';

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
 * SAM's absolute position table [stored, stored, channels] for a map of `side` x `side` tokens, resized bilinearly
 * (build_encoder.py, `resize_pos_embedding`).
 */
export function resizeAbsolute(
  values: Float32Array,
  stored: number,
  side: number,
  channels: number,
): Float32Array {
  const taps = bilinearTaps(stored, side);
  const tall = mixRows(values, stored * channels, taps);
  const result = new Float32Array(side * side * channels);
  for (let row = 0; row < side; row++) {
    const line = tall.subarray(row * stored * channels, (row + 1) * stored * channels);
    result.set(mixRows(line, channels, taps), row * side * channels);
  }
  return result;
}

/** A table of relative positions [stored, channels] with `rows` rows, resized linearly (image_encoder.py, `get_rel_pos`). */
export function resizeRelative(
  values: Float32Array,
  stored: number,
  rows: number,
  channels: number,
): Float32Array {
  return Float32Array.from(mixRows(values, channels, bilinearTaps(stored, rows)));
}
