import type { Tensor } from '../../graph/tensor.ts';
import type { Scope } from '../../nn/scope.ts';

/**
 * Hiera's position table for a map of `side` x `side` tokens: a background table resized bicubically, plus a
 * window-sized table tiled over the map (sam2/modeling/backbones/hieradet.py, `_get_pos_embed`).
 *
 * @returns [side * side, channels]
 */
export function hieraPosition(
  trunk: Scope,
  channels: number,
  side: number,
  background: readonly [number, number],
  window: number,
): Tensor {
  const sources = [
    trunk.source('pos_embed', [1, channels, ...background]),
    trunk.source('pos_embed_window', [1, channels, window, window]),
  ];
  return trunk.derived(`position@${side}`, [side * side, channels], sources, (table, tile) => {
    const [rows, cols] = background;
    const taps = { y: bicubicTaps(rows, side), x: bicubicTaps(cols, side) };
    const result = new Float32Array(side * side * channels);
    const wide = new Float64Array(rows * side);
    for (let c = 0; c < channels; c++) {
      // Rows of the background widened first, then combined: separable, like the resize itself.
      for (let row = 0; row < rows; row++)
        for (let x = 0; x < side; x++)
          wide[row * side + x] = combine(taps.x, x, (at) => table[(c * rows + row) * cols + at] ?? 0);
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const tiled = tile[(c * window + (y % window)) * window + (x % window)] ?? 0;
          result[(y * side + x) * channels + c] =
            combine(taps.y, y, (at) => wide[at * side + x] ?? 0) + tiled;
        }
    }
    return result;
  });
}

interface Taps {
  /** Four clamped source indices and four weights for each output. */
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/** PyTorch's bicubic interpolation: cubic convolution with a = -0.75, half-pixel centres, clamped borders. */
function bicubicTaps(from: number, to: number): Taps {
  const a = -0.75;
  const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const index = new Int32Array(4 * to);
  const weight = new Float64Array(4 * to);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const base = Math.floor(centre);
    const t = centre - base;
    weight.set([far(t + 1), near(t), near(1 - t), far(2 - t)], 4 * i);
    for (let tap = 0; tap < 4; tap++) index[4 * i + tap] = Math.min(from - 1, Math.max(0, base - 1 + tap));
  }
  return { index, weight };
}

function combine({ index, weight }: Taps, i: number, read: (at: number) => number): number {
  let sum = 0;
  for (let tap = 4 * i; tap < 4 * i + 4; tap++) sum += (weight[tap] ?? 0) * read(index[tap] ?? 0);
  return sum;
}
