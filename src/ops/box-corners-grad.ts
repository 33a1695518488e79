import { boxCornersGrad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { rowsOf } from '../graph/tensor.ts';
import { BOX_CORNERS } from './box-corners.ts';
import { laneGrid } from './lane-grid.ts';

/** Both corners move with x and y, the second with width and height. */
export const boxCornersGrad = derivativeOf(BOX_CORNERS, (g, { xywh }, dy) => {
  g.accumulate(xywh, (before) => {
    const dxywh = g.tensor(`grad(${xywh.name})`, xywh.shape);
    const boxes = rowsOf(xywh);
    g.record(
      kernel,
      { dy, before: before ?? dy, dxywh },
      { boxes },
      { workgroups: laneGrid(kernel, boxes), tuning: { ADD: before ? 1 : 0 } },
    );
    return dxywh;
  });
});
