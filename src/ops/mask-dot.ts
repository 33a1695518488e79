import { maskDot as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** What the gradient of `maskDot` must know. */
export interface MaskDotCall {
  readonly x: Tensor;
  readonly skip: Tensor | undefined;
  readonly hyper: Tensor;
}

/** `gelu(shuffle(x) + skip) . hyper`: see mask-dot-grad.ts. */
export const MASK_DOT: DifferentiableOp<MaskDotCall> = { name: 'maskDot' };

/**
 * Masks as products of upscaled features and one vector a mask: `gelu(shuffle(x) + skip) . hyper[m]`. The features
 * [2h, 2w, C] are never written. See `upscaleNormGelu` for the shuffle.
 *
 * @param x [h, w, 4 C]: columns ordered (dy, dx, c), C a multiple of 4
 * @param skip [2h, 2w, C], or none
 * @param hyper [masks, C]
 * @returns [masks, 2h, 2w]
 * @throws ShapeError where the shapes do not fit.
 */
export function maskDot(
  g: Graph,
  x: Tensor,
  skip: Tensor | undefined,
  hyper: Tensor,
  { name = `maskDot(${x.name},${hyper.name})` }: { readonly name?: string } = {},
): Tensor {
  const [height = 0, width = 0, columns = 0] = x.shape;
  const channels = columns / 4;
  expect(
    x.shape.length === 3 && channels % 4 === 0,
    'maskDot',
    () => `'${x.name}' has shape [${x.shape}], expected [h,w,4C] with C a multiple of 4`,
  );
  if (skip) expectShape('maskDot', skip, [2 * height, 2 * width, channels]);
  expectShape('maskDot', hyper, [-1, channels]);
  const masks = hyper.shape[0] ?? 0;
  const pixels = 4 * height * width;
  const y = g.tensor(name, [masks, 2 * height, 2 * width]);
  const [across, down] = laneGrid(kernel, pixels);
  g.record(
    kernel,
    { x, skip: skip ?? x, hyper, y },
    { pixels, width: 2 * width, channels4: channels / 4, masks },
    {
      workgroups: [across, down, Math.ceil(masks / 4)],
      tuning: { ACTIVATION: ACTIVATIONS.gelu, SKIP: skip ? 1 : 0 },
      flops: 2 * masks * pixels * channels,
    },
  );
  g.note(MASK_DOT, { x, skip, hyper }, y, [x, skip, hyper]);
  return y;
}
