import { maxPool2x2 as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/** The largest of 2 x 2 pixels in channels `start` to `start + count`: see max-pool2x2-grad.ts. */
export const MAX_POOL2X2: DifferentiableOp<{
  readonly x: Tensor;
  readonly start: number;
  readonly count: number;
}> = { name: 'maxPool2x2' };

/** Options of `maxPool2x2`. */
export interface MaxPoolOptions {
  /** Which channels to pool, both multiples of 4; all of them by default. */
  readonly columns?: { readonly start: number; readonly count: number };
  readonly name?: string;
}

/**
 * The largest of each 2 x 2 pixels, per channel, of a range of channels of x [H, W, C]: the q inside a fused qkv
 * needs no copy. An odd last row or column is dropped, as PyTorch does.
 *
 * @returns [floor(H / 2), floor(W / 2), count]
 * @throws ShapeError where x is no map of at least 2 x 2, or the range is not within its channels.
 */
export function maxPool2x2(g: Graph, x: Tensor, options: MaxPoolOptions = {}): Tensor {
  const [height = 0, width = 0, channels = 0] = x.shape;
  const { columns: { start, count } = { start: 0, count: channels }, name = `maxPool2x2(${x.name})` } =
    options;
  expect(
    x.shape.length === 3 && height > 1 && width > 1,
    'maxPool2x2',
    () => `'${x.name}' has shape [${x.shape}], expected [H,W,C] of at least 2 x 2 pixels`,
  );
  expect(
    [channels, start, count].every((n) => n % 4 === 0) &&
      start >= 0 &&
      count > 0 &&
      start + count <= channels,
    'maxPool2x2',
    () =>
      `channels ${start} to ${start + count} of '${x.name}' [${x.shape}] must be a range in multiples of 4`,
  );
  const y = g.tensor(name, [Math.floor(height / 2), Math.floor(width / 2), count]);
  const outputs4 = sizeOf(y) / 4;
  g.record(
    kernel,
    { x, y },
    {
      width,
      cols4: channels / 4,
      start4: start / 4,
      count4: count / 4,
      out_width: Math.floor(width / 2),
      outputs4,
    },
    { workgroups: laneGrid(kernel, outputs4) },
  );
  g.note(MAX_POOL2X2, { x, start, count }, y, [x]);
  return y;
}
