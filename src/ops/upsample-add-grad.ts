import { upsampleAddGradCoarse as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { passOn } from './pass-on.ts';
import { UPSAMPLE_ADD } from './upsample-add.ts';

/** The fine map gets dy, the coarse one the sum over each pixel's copies. */
export const upsampleAddGrad = derivativeOf(UPSAMPLE_ADD, (g, { fine, coarse }, dy) => {
  passOn(g, fine, dy);
  g.accumulate(coarse, (before) => {
    const [height = 0, width = 0, channels = 0] = fine.shape;
    const [coarseHeight = 0, coarseWidth = 0] = coarse.shape;
    const dcoarse = g.tensor(`grad(${coarse.name})`, coarse.shape);
    const outputs4 = sizeOf(coarse) / 4;
    g.record(
      kernel,
      { dy, before: before ?? dy, dcoarse },
      {
        width,
        coarse_width: coarseWidth,
        scale_y: height / coarseHeight,
        scale_x: width / coarseWidth,
        channels4: channels / 4,
        outputs4,
      },
      { workgroups: laneGrid(kernel, outputs4), tuning: { ADD: before ? 1 : 0 } },
    );
    return dcoarse;
  });
});
