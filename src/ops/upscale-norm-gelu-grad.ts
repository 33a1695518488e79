import { upscaleNormGeluGrad as kernel, unshuffle } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';
import { recordNormGrad } from './layernorm-grad.ts';
import { passOn } from './pass-on.ts';
import { UPSCALE_NORM_GELU } from './upscale-norm-gelu.ts';

/**
 * Gradients of `upscaleNormGelu`: what was normalised is put together again, with the gradient before the GELU; the rest
 * is layernorm's.
 */
export const upscaleNormGeluGrad = derivativeOf(UPSCALE_NORM_GELU, (g, call, dy) => {
  const { x, skip, weight, bias, eps } = call;
  const [height = 0, width = 0, channels = 0] = dy.shape;
  const sizes = { width, channels4: channels / 4 };
  const v = g.tensor(`${x.name}, shuffled`, dy.shape);
  const dn = g.tensor(`grad(normalised ${v.name})`, dy.shape);
  g.record(
    kernel,
    { x, skip: skip ?? x, weight, bias, dy, v, dn },
    { ...sizes, pixels: height * width, eps },
    {
      workgroups: laneGrid(kernel, height * width),
      tuning: { ACTIVATION: ACTIVATIONS.gelu, SKIP: skip ? 1 : 0 },
    },
  );
  const unshuffled = (dv: Tensor, before: Tensor | undefined) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const outputs4 = sizeOf(dx) / 4;
    g.record(
      unshuffle,
      { x: dv, before: before ?? dv, y: dx },
      { ...sizes, outputs4 },
      { workgroups: laneGrid(unshuffle, outputs4), tuning: { ADD: before ? 1 : 0 } },
    );
    return dx;
  };
  recordNormGrad(g, { x: v, weight, bias, eps }, dn, (record) => {
    if (!g.needsGradient(x) && !(skip && g.needsGradient(skip))) return;
    const dv = record(undefined);
    g.accumulate(x, (sum) => unshuffled(dv, sum));
    if (skip) passOn(g, skip, dv);
  });
});
