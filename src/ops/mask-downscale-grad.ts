import { maskDownscaleGrad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';
import { MASK_DOWNSCALE } from './mask-downscale.ts';

/** The gradient of `maskDownscale` by its mask; everything in between is computed again. */
export const maskDownscaleGrad = derivativeOf(MASK_DOWNSCALE, (g, { mask, weights }, dy) => {
  const [height = 0, width = 0] = dy.shape;
  g.accumulate(mask, (sum) => {
    const dmask = g.tensor(`grad(${mask.name})`, mask.shape);
    g.record(
      kernel,
      { mask, weights, dy, before: sum ?? mask, dmask },
      { pixels: height * width, width },
      {
        workgroups: laneGrid(kernel, height * width),
        tuning: { ACTIVATION: ACTIVATIONS.gelu, ADD: sum ? 1 : 0 },
      },
    );
    return dmask;
  });
});
