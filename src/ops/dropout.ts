import { dropout as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Part of the channels that become 0, from 0 to less than 1. */
  readonly rate: number;
  /** Of this use, a whole number: uses with different ones drop independently. */
  readonly salt: number;
  readonly name?: string;
}

/** What the gradient of a dropout must know. */
export interface DropoutCall {
  readonly x: Tensor;
  readonly seed: Tensor;
  readonly rate: number;
  readonly salt: number;
}

/** The same values of dy: see dropout-grad.ts. */
export const DROPOUT: DifferentiableOp<DropoutCall> = { name: 'dropout' };

/**
 * PyTorch's Dropout2d in training: whole channels of x become 0 with probability `rate`, the others are divided by
 * 1 - rate. Which, is a hash of seed, salt and channel (lib/random.wgsl): a seed gives the same on every device.
 *
 * @param x [..., channels], a multiple of 4 of them; of a vector each value is a channel
 * @param seed [1], u32: written anew before each step
 * @returns the shape of x; x itself for a rate of 0
 * @throws ShapeError where the shapes do not fit, or rate or salt is out of range.
 */
export function dropout(g: Graph, x: Tensor, seed: Tensor, options: DropoutOptions): Tensor {
  const { rate, salt, name = `dropout(${x.name})` } = options;
  expect(columnsOf(x) % 4 === 0, 'dropout', () => `'${x.name}' [${x.shape}] needs a multiple of 4 channels`);
  expectShape('dropout', seed, [1]);
  expect(seed.dtype === 'u32', 'dropout', () => `'${seed.name}' is ${seed.dtype}, expected u32`);
  expect(rate >= 0 && rate < 1, 'dropout', () => `the rate is ${rate}, expected 0 to less than 1`);
  expect(
    Number.isInteger(salt) && salt >= 0 && salt < 2 ** 32,
    'dropout',
    () => `the salt is ${salt}, expected a whole number of 32 bits`,
  );
  if (rate === 0) return x;
  const call = { x, seed, rate, salt };
  const y = recordDropout(g, call, x, undefined, name);
  g.note(DROPOUT, call, y, [x]);
  return y;
}

/** Records that the values of `from` are dropped as those of the call's x are, plus `before`. */
export function recordDropout(
  g: Graph,
  { seed, rate, salt }: DropoutCall,
  from: Tensor,
  before: Tensor | undefined,
  name: string,
): Tensor {
  const y = g.tensor(name, from.shape);
  const outputs4 = sizeOf(from) / 4;
  // A rate that rounds to 2^32 would not fit.
  const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  g.record(
    kernel,
    { x: from, seed, before: before ?? from, y },
    { outputs4, channels4: columnsOf(from) / 4, salt, threshold, scale: 1 / (1 - rate) },
    { workgroups: laneGrid(kernel, outputs4), tuning: { ADD: before ? 1 : 0 } },
  );
  return y;
}
