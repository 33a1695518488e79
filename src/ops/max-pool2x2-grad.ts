import { maxPool2x2Grad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { MAX_POOL2X2 } from './max-pool2x2.ts';

/** The largest of 4 gets their dy, the first in scan order where several are largest, as in PyTorch; all else 0. */
export const maxPool2x2Grad = derivativeOf(MAX_POOL2X2, (g, { x, start, count }, dy) => {
  g.accumulate(x, (before) => {
    const [height = 0, width = 0, channels = 0] = x.shape;
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const inputs4 = sizeOf(x) / 4;
    g.record(
      kernel,
      { x, dy, before: before ?? x, dx },
      { height, width, cols4: channels / 4, start4: start / 4, count4: count / 4, inputs4 },
      { workgroups: laneGrid(kernel, inputs4), tuning: { ADD: before ? 1 : 0 } },
    );
    return dx;
  });
});
