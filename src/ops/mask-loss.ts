import { maskLossGrad, maskLossSums } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, expectShape, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { sumRows } from './sum-rows.ts';

/** Pixels of the target that one invocation adds up. */
const PART = 32;
/** What keeps dice finite for an empty mask (losses/dice_loss.py). */
export const DICE_SMOOTH = 1e-5;

export interface MaskLossOptions {
  /** Weight of a positive pixel's focal loss; a negative one has 1 - alpha. */
  readonly alpha: number;
  /** Factors of dice and of the mean focal loss, whose gamma is 3. */
  readonly dice: number;
  readonly focal: number;
  /** Which class this is: its row of the supervision. */
  readonly classIndex: number;
}

/**
 * Dice and focal loss of a mask, both at the target's size, to which the logits are upsampled (bilinear). Adds the
 * gradient of `weight * (dice factor * dice + focal factor * mean focal)` to the logits' own; weight is the first value
 * of the class's row of the supervision.
 *
 * @param logits [side, side]
 * @param target [image, image], 0 or 1; image is a whole multiple of side
 * @param supervision [classes, 4]
 * @returns [4]: the sums over the target's pixels of p y, p, y and focal, where p is the probability
 * @throws ShapeError where the shapes do not fit.
 */
export function maskLoss(
  g: Graph,
  logits: Tensor,
  target: Tensor,
  supervision: Tensor,
  { alpha, dice, focal, classIndex }: MaskLossOptions,
): Tensor {
  const [side = 0] = logits.shape;
  const [image = 0] = target.shape;
  expectShape('maskLoss', logits, [side, side]);
  expectShape('maskLoss', target, [image, image]);
  expectShape('maskLoss', supervision, [-1, 4]);
  expect(
    image % side === 0 && image % PART === 0,
    'maskLoss',
    () => `'${target.name}' [${image},${image}] is no whole multiple of [${side},${side}], or of ${PART}`,
  );
  const parts = image / PART;
  const partial = g.tensor(`loss(${logits.name}) by parts`, [image * parts, 4]);
  g.record(
    maskLossSums,
    { logits, labels: target, sums: partial },
    { side, image, parts, outputs: image * parts, alpha },
    { workgroups: laneGrid(maskLossSums, image * parts) },
  );
  const sums = sumRows(g, partial, [4], { name: `loss(${logits.name})` });
  g.accumulate(logits, (before) => {
    const dlogits = g.tensor(`grad(${logits.name})`, logits.shape);
    g.record(
      maskLossGrad,
      { logits, labels: target, sums, supervision, before: before ?? logits, dlogits },
      {
        side,
        image,
        alpha,
        dice_share: dice,
        focal_share: focal,
        dice_smooth: DICE_SMOOTH,
        class_index: classIndex,
      },
      { workgroups: laneGrid(maskLossGrad, side * side), tuning: { ADD: before ? 1 : 0 } },
    );
    return dlogits;
  });
  return sums;
}
