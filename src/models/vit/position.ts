import type { Tensor } from '../../graph/tensor.ts';
import type { Scope } from '../../nn/scope.ts';
import { resizeAbsolute, resizeRelative } from '../../weights/vit-tables.ts';

/**
 * SAM's absolute position table for a map of `side` x `side` tokens: the checkpoint's, resized where the sides differ.
 *
 * @returns [side * side, channels]
 */
export function absolutePositions(scope: Scope, stored: number, side: number, channels: number): Tensor {
  const source = [1, stored, stored, channels];
  const shape = [side * side, channels];
  if (stored === side) return scope.tensor('pos_embed', source, shape);
  return scope.derived(`pos_embed@${side}`, shape, [scope.source('pos_embed', source)], (values) =>
    resizeAbsolute(values, stored, side, channels),
  );
}

/**
 * A table of relative positions for windows `side` tokens long, resized where the checkpoint's has another length.
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
  const rows = 2 * side - 1;
  const shape = [rows, channels];
  if (stored === rows) return attention.tensor(name, shape);
  const source = attention.source(name, [stored, channels]);
  return attention.derived(`${name}@${side}`, shape, [source], (values) =>
    resizeRelative(values, stored, rows, channels),
  );
}
