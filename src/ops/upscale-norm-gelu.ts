import { upscaleNormGelu as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** `gelu(layernorm(shuffle(x) + skip) * weight + bias)`: see upscale-norm-gelu-grad.ts. */
export const UPSCALE_NORM_GELU: DifferentiableOp<{
  readonly x: Tensor;
  readonly skip: Tensor | undefined;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly eps: number;
}> = { name: 'upscaleNormGelu' };

/**
 * `gelu(layernorm(shuffle(x) + skip) * weight + bias)`. A transposed convolution 2x2 of stride 2 is a matmul to 4 C
 * columns ordered (dy, dx, c) and this shuffle: pixel (2 r + dy, 2 q + dx) of the result comes from (r, q) of x.
 *
 * @param x [h, w, 4 C], C a multiple of 4
 * @param skip [2h, 2w, C], or none
 * @param weight [C]; so is `bias`
 * @returns [2h, 2w, C]
 * @throws ShapeError where the shapes do not fit.
 */
export function upscaleNormGelu(
  g: Graph,
  x: Tensor,
  skip: Tensor | undefined,
  weight: Tensor,
  bias: Tensor,
  { eps, name = `upscaleNormGelu(${x.name})` }: { readonly eps: number; readonly name?: string },
): Tensor {
  const [height = 0, width = 0, columns = 0] = x.shape;
  const channels = columns / 4;
  expect(
    x.shape.length === 3 && channels % 4 === 0,
    'upscaleNormGelu',
    () => `'${x.name}' has shape [${x.shape}], expected [h,w,4C] with C a multiple of 4`,
  );
  const shape = [2 * height, 2 * width, channels];
  if (skip) expectShape('upscaleNormGelu', skip, shape);
  expectShape('upscaleNormGelu', weight, [channels]);
  expectShape('upscaleNormGelu', bias, [channels]);
  const y = g.tensor(name, shape);
  const pixels = 4 * height * width;
  g.record(
    kernel,
    { x, skip: skip ?? x, weight, bias, y },
    { pixels, width: 2 * width, channels4: channels / 4, eps },
    {
      workgroups: laneGrid(kernel, pixels),
      tuning: { ACTIVATION: ACTIVATIONS.gelu, SKIP: skip ? 1 : 0 },
    },
  );
  g.note(UPSCALE_NORM_GELU, { x, skip, weight, bias, eps }, y, [x, skip, weight, bias]);
  return y;
}
