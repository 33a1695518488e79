import { kindOf, ShapeError } from '../../errors.ts';
import { checkSpacing, PIXELS, type Spacing } from './distance.ts';
import { type BinaryMask, checkMask } from './mask.ts';
import { checkTolerance, hausdorff95, surfaceDice, surfaceDistances } from './surface.ts';

/** The metrics by their names in reports; the first three grow with the agreement, HD95 falls. */
export const METRICS = ['dice', 'iou', 'nsd', 'hd95'] as const;
export type MetricName = (typeof METRICS)[number];

/** Which of the two masks hold anything. */
export type Presence = 'both' | 'truth' | 'prediction' | 'neither';

/** How well a mask agrees with the true one; null where the metric is not defined. */
export interface MaskScores extends Readonly<Record<MetricName, number | null>> {
  readonly presence: Presence;
  /** Pixels. */
  readonly truthArea: number;
  readonly predictedArea: number;
}

export interface MetricOptions {
  /** Unit of NSD's tolerance and of HD95: millimetres a pixel across and down, above 0; pixels unless given. */
  readonly spacing?: Spacing | undefined;
  /** NSD's: how far apart edges may lie and still agree, in the unit of `spacing`, 0 or more. 2 unless given. */
  readonly tolerance?: number | undefined;
}

export const DEFAULT_TOLERANCE = 2;

/** A mask, or what a model answered with. */
export type ScoredMask = BinaryMask | (Omit<BinaryMask, 'data'> & { readonly mask: Uint8Array });

/** The rule for empty masks, in words that a report can print. */
export const EMPTY_RULE =
  'empty masks: where truth and prediction are both empty the case is left out of the means; where one of them is empty Dice, IoU and NSD are 0 and HD95 is the diagonal of the picture';

/**
 * Dice, IoU, NSD and HD95 of one class in one picture.
 *
 * Empty masks: where both are empty there is nothing to measure, and every metric is null (nnU-Net leaves such cases
 * out of its means, too). Where one is, Dice, IoU and NSD are 0, and HD95 is the picture's diagonal, the largest
 * distance in it: a penalty, as Metrics Reloaded advises (Maier-Hein et al., Nature Methods 2024), so that a
 * missed object does not improve the mean.
 * @throws ShapeError where the sizes differ, and as `checkMask`; Sam2RadError for a spacing or tolerance that cannot be
 */
export function scoreMask(
  predicted: ScoredMask,
  actual: ScoredMask,
  { spacing = PIXELS, tolerance = DEFAULT_TOLERANCE }: MetricOptions = {},
): MaskScores {
  checkSpacing(spacing);
  checkTolerance(tolerance);
  const prediction = binaryMask(predicted);
  const truth = binaryMask(actual);
  const { width, height } = truth;
  if (prediction.width !== width || prediction.height !== height)
    throw new ShapeError(
      `the predicted mask is ${prediction.width} x ${prediction.height} pixels, the true one ${width} x ${height}`,
    );
  let [predictedArea, truthArea, shared] = [0, 0, 0];
  for (let i = 0; i < width * height; i++) {
    const isPredicted = prediction.data[i] !== 0;
    const isTrue = truth.data[i] !== 0;
    predictedArea += Number(isPredicted);
    truthArea += Number(isTrue);
    shared += Number(isPredicted && isTrue);
  }
  const areas = { truthArea, predictedArea };
  if (truthArea === 0 && predictedArea === 0)
    return { dice: null, iou: null, nsd: null, hd95: null, presence: 'neither', ...areas };
  if (truthArea === 0 || predictedArea === 0) {
    const diagonal = Math.hypot(width * spacing[0], height * spacing[1]);
    const presence = truthArea > 0 ? 'truth' : 'prediction';
    return { dice: 0, iou: 0, nsd: 0, hd95: diagonal, presence, ...areas };
  }
  const distances = surfaceDistances(prediction, truth, spacing);
  return {
    dice: (2 * shared) / (truthArea + predictedArea),
    iou: shared / (truthArea + predictedArea - shared),
    nsd: surfaceDice(distances, tolerance),
    hd95: hausdorff95(distances),
    presence: 'both',
    ...areas,
  };
}

/** @throws ShapeError for what is no mask */
function binaryMask(mask: ScoredMask): BinaryMask {
  if (typeof mask !== 'object' || mask === null)
    throw new ShapeError(
      `mask: got ${kindOf(mask)}, expected { width, height, data } or what predict() answers`,
    );
  const own = 'mask' in mask ? { width: mask.width, height: mask.height, data: mask.mask } : mask;
  checkMask(own);
  return own;
}
