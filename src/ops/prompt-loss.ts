import { boxLoss as boxKernel, objectLoss as objectKernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';

/**
 * Generalised IoU loss of a predicted box (Rezatofighi et al. 2019; torchvision's `generalized_box_iou_loss`). Adds its
 * gradient, times the second value of the class's row of the supervision, to the box's own.
 *
 * @param box [2, 2]: x0 y0, x1 y1
 * @param targets [classes, 4], in the same units
 * @param supervision [classes, 4]
 * @returns [4]: the loss, and three zeros
 */
export function boxLoss(
  g: Graph,
  box: Tensor,
  targets: Tensor,
  supervision: Tensor,
  classIndex: number,
): Tensor {
  expect(sizeOf(box) === 4, 'boxLoss', () => `'${box.name}' has shape [${box.shape}], expected four values`);
  const loss = g.tensor(`loss(${box.name})`, [4]);
  const dbox = g.tensor(`grad(${box.name})`, box.shape);
  const before = g.gradientOf(box);
  g.record(
    boxKernel,
    { box, targets, supervision, before: before ?? box, loss, dbox },
    { class_index: classIndex },
    { workgroups: [1, 1, 1], tuning: { ADD: before ? 1 : 0 } },
  );
  g.accumulate(box, () => dbox);
  return loss;
}

/**
 * Binary cross-entropy of an object score, clipped to -10 to 10. Its gradient, times the fourth value of the class's row
 * of the supervision, becomes the score's: nothing else reads a score.
 *
 * @param score [1], a logit
 * @param supervision [classes, 4]: the third value is the label, smoothed
 * @returns [4]: the loss, and three zeros
 */
export function objectLoss(g: Graph, score: Tensor, supervision: Tensor, classIndex: number): Tensor {
  expect(sizeOf(score) === 1, 'objectLoss', () => `'${score.name}' has shape [${score.shape}], expected [1]`);
  const loss = g.tensor(`loss(${score.name})`, [4]);
  const dscore = g.tensor(`grad(${score.name})`, score.shape);
  g.record(
    objectKernel,
    { score, supervision, loss, dscore },
    { class_index: classIndex },
    { workgroups: [1, 1, 1] },
  );
  g.accumulate(score, () => dscore);
  return loss;
}
