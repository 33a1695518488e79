import { copyMask, copyRows, stableMask } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { sliceRows } from './copy-rows.ts';
import { laneGrid } from './lane-grid.ts';

/** Which of a decoder's masks are the answer. */
export interface SelectMaskOptions {
  /** `single`: mask 0. `multi`: all others. `stable`: mask 0, or the best of the others where it is unstable. */
  readonly mode: 'single' | 'multi' | 'stable';
  /** A mask is stable if few of its pixels have logits within +- delta: SAM2 says 0.05, */
  readonly delta?: number;
  /** and that those above delta must be at least this share, up to 1, of those above -delta: 0.98. */
  readonly threshold?: number;
}

/** Masks with the decoder's estimates of their quality. */
export interface RatedMasks {
  /** [n, h, w] */
  readonly masks: Tensor;
  /** [n] */
  readonly ious: Tensor;
}

/**
 * Picks from masks [M, h, w] and their estimates, M values. The unstable mask 0 of SAM2's fallback is decided on the
 * GPU, with no read-back; of equal estimates the first wins. h w is a multiple of 4.
 *
 * @returns masks [n, h, w] and ious [n], where n is M - 1 for `multi` and 1 otherwise
 * @throws ShapeError where the shapes do not fit or there are fewer than 2 masks.
 */
export function selectMask(
  g: Graph,
  masks: Tensor,
  ious: Tensor,
  { mode, delta = 0.05, threshold = 0.98 }: SelectMaskOptions,
): RatedMasks {
  const [count = 0, height = 0, width = 0] = masks.shape;
  expect(
    masks.shape.length === 3 && count > 1 && (height * width) % 4 === 0 && sizeOf(ious) === count,
    'selectMask',
    () =>
      `'${masks.name}' [${masks.shape}] with '${ious.name}' [${ious.shape}], expected [M,h,w] with M values, M > 1, h w a multiple of 4`,
  );
  const name = `${mode}(${masks.name})`;
  const iouName = `${mode}(${ious.name})`;
  if (mode === 'stable') {
    const chosen = g.tensor(`chosen(${masks.name})`, [1], 'u32');
    const iou = g.tensor(iouName, [1]);
    const mask = g.tensor(name, [1, height, width]);
    const pixels4 = (height * width) / 4;
    g.record(
      stableMask,
      { masks, ious, chosen, iou },
      { masks: count, pixels4, delta, threshold },
      { workgroups: [1, 1, 1] },
    );
    g.record(copyMask, { masks, chosen, y: mask }, { pixels4 }, { workgroups: laneGrid(copyMask, pixels4) });
    return { masks: mask, ious: iou };
  }
  const [first, picked] = mode === 'multi' ? [1, count - 1] : [0, 1];
  const y = g.tensor(iouName, [picked]);
  g.record(
    copyRows,
    { x: ious, y },
    { start: first, to: 0, count: picked },
    { workgroups: laneGrid(copyRows, picked) },
  );
  const shape = [picked, height, width];
  return { masks: sliceRows(g, masks, first * height, picked * height, { name, shape }), ious: y };
}
