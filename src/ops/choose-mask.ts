import { chooseMask as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { RatedMasks, SelectMaskOptions } from './select-mask.ts';

/** Where among a tensor's values the estimates of all masks begin, and where a score is. */
export interface Answers {
  readonly tensor: Tensor;
  readonly iou: number;
  readonly score: number;
}

/**
 * `selectMask` in one dispatch, for GPUs: where the choice depends on mask 0, every workgroup counts its pixels.
 *
 * @returns masks [n, h, w] and ious [n], where n is M - 1 for `multi` and 1 otherwise, and `score` [1], copied
 * @throws ShapeError where the shapes do not fit or there are fewer than 2 masks.
 */
export function chooseMask(
  g: Graph,
  masks: Tensor,
  { tensor: answers, iou: iouAt, score: scoreAt }: Answers,
  { mode, delta = 0.05, threshold = 0.98 }: SelectMaskOptions,
): RatedMasks & { readonly score: Tensor } {
  const [count = 0, height = 0, width = 0] = masks.shape;
  expect(
    masks.shape.length === 3 &&
      count > 1 &&
      (height * width) % 4 === 0 &&
      iouAt + count <= sizeOf(answers) &&
      scoreAt < sizeOf(answers),
    'chooseMask',
    () =>
      `'${masks.name}' [${masks.shape}] with '${answers.name}' [${answers.shape}] from ${iouAt} and ${scoreAt}, expected [M,h,w] and M values there, M > 1, h w a multiple of 4`,
  );
  const [first, picked] = mode === 'multi' ? [1, count - 1] : [0, 1];
  const pixels4 = (height * width) / 4;
  const y = g.tensor(`${mode}(${masks.name})`, [picked, height, width]);
  const iou = g.tensor(`${mode} iou(${answers.name})`, [picked]);
  const score = g.tensor(`score(${answers.name})`, [1]);
  const { LANES, STRIP } = kernel.tunables;
  g.record(
    kernel,
    { masks, answers, y, iou, score },
    { masks: count, pixels4, first, picked, iou_at: iouAt, score_at: scoreAt, delta, threshold },
    {
      workgroups: [Math.ceil((picked * pixels4) / (LANES.default * STRIP.default)), 1, 1],
      tuning: { STABLE: mode === 'stable' ? 1 : 0 },
    },
  );
  return { masks: y, ious: iou, score };
}
