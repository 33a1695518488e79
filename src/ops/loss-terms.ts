import { lossTerms as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { DICE_SMOOTH } from './mask-loss.ts';

/** Values of `terms`: as many as the kernel writes, and two of padding. */
export const TERM_VALUES = 8;

/** The losses of one class of one image, as their ops returned them, and how much each is worth in the total. */
export interface LossParts {
  readonly mask: Tensor;
  readonly target: Tensor;
  /** Of the prompts that were predicted, if they were. */
  readonly predicted?: { readonly interim: Tensor; readonly box: Tensor } | undefined;
  /** Where the decoder scores objects. */
  readonly object?: Tensor | undefined;
  readonly shares: { readonly dice: number; readonly focal: number; readonly interim: number };
  readonly classIndex: number;
}

/** Adds total, dice, focal, object, box and interim loss to `terms` [8], each with its weight in the supervision. */
export function addLossTerms(g: Graph, terms: Tensor, supervision: Tensor, parts: LossParts): void {
  const { mask, target, predicted, object, shares, classIndex } = parts;
  expectShape('addLossTerms', terms, [TERM_VALUES]);
  g.record(
    kernel,
    {
      mask,
      interim: predicted?.interim ?? mask,
      box: predicted?.box ?? mask,
      object: object ?? mask,
      supervision,
      terms,
    },
    {
      class_index: classIndex,
      pixels: sizeOf(target),
      dice_smooth: DICE_SMOOTH,
      dice_share: shares.dice,
      focal_share: shares.focal,
      interim_share: shares.interim,
    },
    { workgroups: [1, 1, 1], tuning: { BOX: predicted ? 1 : 0, OBJECT: object ? 1 : 0 } },
  );
}
