import type { Tensor } from '../../graph/tensor.ts';
import type { Scope } from '../../nn/scope.ts';

const TEMPERATURE = 10000;

/**
 * DETR's normalised 2-D sine positions (position_encoding.py, PositionEmbeddingSine): the first half of the channels
 * depends on the row alone, the second on the column alone, by the same table of [side, channels / 2].
 */
export function sineTable(scope: Scope, side: number, channels: number): Tensor {
  const half = channels / 2;
  return scope.derived(`sine_position@${side}`, [side, half], [], () => {
    const table = new Float32Array(side * half);
    for (let i = 0; i < side; i++) {
      const angle = ((i + 1) / (side + 1e-6)) * 2 * Math.PI;
      for (let c = 0; c < half; c++) {
        const phase = angle / TEMPERATURE ** ((2 * Math.floor(c / 2)) / half);
        table[i * half + c] = c % 2 === 0 ? Math.sin(phase) : Math.cos(phase);
      }
    }
    return table;
  });
}

/**
 * 1-D sine positions of the query tokens, sine and cosine in turn: [tokens, channels]. The frequencies are a buffer
 * of the checkpoint, and count as it has them.
 */
export function tokenPositions(scope: Scope, tokens: number, channels: number): Tensor {
  const frequencies = scope.source('pos_encoding1d.inv_freq', [channels / 2]);
  return scope.derived(`token_position@${tokens}`, [tokens, channels], [frequencies], (inverse) => {
    const table = new Float32Array(tokens * channels);
    for (let i = 0; i < tokens; i++)
      for (let c = 0; c < channels; c++) {
        const phase = i * (inverse[c >> 1] ?? 0);
        table[i * channels + c] = c % 2 === 0 ? Math.sin(phase) : Math.cos(phase);
      }
    return table;
  });
}
