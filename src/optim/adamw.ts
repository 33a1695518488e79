import { adamw as kernel, sumSquares } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from '../ops/lane-grid.ts';
import { TERM_VALUES } from '../ops/loss-terms.ts';
import { sumRows } from '../ops/sum-rows.ts';

/** Values of four that one invocation squares and adds up. */
const CHUNK = 64;

/** The moments' memory, and what keeps a quotient finite. Defaults are PyTorch's, but for the decay. */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Share of a weight that a step of rate 1 takes away. */
  readonly weightDecay: number;
}

/** Of the reference's training: lr 1e-4 and this. */
export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1 };

/** All that is trained in one piece: weights, gradients, and both moments; of one length, a multiple of 4. */
export interface AdamWState {
  readonly weights: Tensor;
  readonly gradients: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

/** Weights that rest in some steps, from and to which value: multiples of 4. */
export type Part = readonly [from: number, to: number];

/**
 * A step of AdamW (Loshchilov and Hutter 2019) over everything that is trained, in one dispatch, with the gradients
 * clipped to a norm first. It sets the gradients back to 0. Where their norm or a loss is not finite, nothing else changes:
 * so the host need not read the losses before it asks for the step.
 *
 * @param losses [8]: the terms of `addLossTerms`, which led to the gradients
 * @param schedule [2, 4]: `adamwSchedule` of the step, and that of `part`
 * @returns [4], whose sum is the squared norm of the gradients before clipping
 */
export function adamw(
  g: Graph,
  { weights, gradients, first, second }: AdamWState,
  losses: Tensor,
  schedule: Tensor,
  { beta1, beta2, eps, weightDecay }: AdamWOptions,
  [from, to]: Part,
): Tensor {
  const count4 = sizeOf(weights) / 4;
  expect(
    Number.isInteger(count4),
    'adamw',
    () => `'${weights.name}' has ${4 * count4} values, expected a multiple of 4`,
  );
  for (const tensor of [gradients, first, second]) expectShape('adamw', tensor, weights.shape);
  expectShape('adamw', losses, [TERM_VALUES]);
  expectShape('adamw', schedule, [2, 4]);
  const outputs = Math.ceil(count4 / CHUNK);
  const partial = g.tensor(`squares(${gradients.name}) by parts`, [outputs, 4]);
  g.record(
    sumSquares,
    { x: gradients, sums: partial },
    { count4, chunk: CHUNK, outputs },
    { workgroups: laneGrid(sumSquares, outputs) },
  );
  const squares = sumRows(g, partial, [4], { name: `squares(${gradients.name})` });
  g.record(
    kernel,
    { schedule, squares, losses, weights, gradients, first, second },
    {
      ...{ count4, beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, eps, decay: weightDecay },
      ...{ part: from / 4, part_end: to / 4 },
    },
    { workgroups: laneGrid(kernel, count4) },
  );
  return squares;
}

/**
 * What a step needs besides the gradients: the rate, both bias corrections, and the norm to clip to.
 *
 * @param step of these weights, from 1; 0 where they rest: neither decay nor moments move them then
 * @param clip the largest norm of the gradients; without it they are taken as they are
 */
export function adamwSchedule(
  { beta1, beta2 }: AdamWOptions,
  step: number,
  rate: number,
  clip = 3e38,
): Float32Array<ArrayBuffer> {
  return Float32Array.of(rate, 1 - beta1 ** step, Math.sqrt(1 - beta2 ** step), clip);
}
