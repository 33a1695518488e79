import { resizeBilinearGrad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { RESIZE_BILINEAR } from './resize-bilinear.ts';

/** The gradient of `resizeBilinear`: each input gathers from the outputs that read it. */
export const resizeBilinearGrad = derivativeOf(RESIZE_BILINEAR, (g, { x }, dy) => {
  const [height = 0, width = 0] = x.shape.slice(-2);
  const [outHeight = 0, outWidth = 0] = dy.shape.slice(-2);
  g.accumulate(x, (sum) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const inputs = sizeOf(x);
    g.record(
      kernel,
      { dy, before: sum ?? dy, dx },
      { height, width, out_height: outHeight, out_width: outWidth, inputs },
      { workgroups: laneGrid(kernel, inputs), tuning: { ADD: sum ? 1 : 0 } },
    );
    return dx;
  });
});
