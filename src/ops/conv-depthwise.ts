import { convDepthwise as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { activate } from './activate.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** `conv(x, w) + bias` with a kernel a channel: see conv-depthwise-grad.ts. */
export const CONV_DEPTHWISE: DifferentiableOp<{
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor;
  readonly stride: number;
  readonly padding: number;
}> = { name: 'convDepthwise' };

/** Geometry of a depthwise convolution, and what follows it. */
export interface ConvDepthwiseOptions {
  readonly stride: number;
  /** Zeros around the map, on all four sides. */
  readonly padding: number;
  readonly activation?: Activation;
  readonly name?: string;
}

/**
 * `activation(conv(x, w) + bias)` where every channel has a kernel of its own: x [H, W, C], w [kernel height, kernel
 * width, C], bias [C], C a multiple of 4.
 *
 * @returns [Ho, Wo, C], where Ho = floor((H + 2 padding - kernel height) / stride) + 1
 * @throws ShapeError where the axes do not fit or no pixel is left.
 */
export function convDepthwise(
  g: Graph,
  x: Tensor,
  w: Tensor,
  bias: Tensor,
  { stride, padding, activation = 'none', name = `convDepthwise(${x.name})` }: ConvDepthwiseOptions,
): Tensor {
  // The derivative needs what goes into the activation: where one will be taken, it is an op of its own.
  if (activation !== 'none' && [x, w, bias].some((input) => g.needsGradient(input))) {
    const before = convDepthwise(g, x, w, bias, { stride, padding, name: `${name} before ${activation}` });
    return activate(g, before, activation, { name });
  }
  const [height = 0, width = 0, channels = 0] = x.shape;
  const [kernelHeight = 0, kernelWidth = 0] = w.shape;
  const detail = () => `'${x.name}' [${x.shape}] with '${w.name}' [${w.shape}]`;
  expect(
    x.shape.length === 3 && w.shape.length === 3 && w.shape[2] === channels && channels % 4 === 0,
    'convDepthwise',
    () => `${detail()} does not fit (channels in multiples of 4)`,
  );
  expectShape('convDepthwise', bias, [channels]);
  const outHeight = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
  expect(
    outHeight > 0 && outWidth > 0,
    'convDepthwise',
    () => `${detail()}, stride ${stride} and padding ${padding} leaves no pixel`,
  );
  const y = g.tensor(name, [outHeight, outWidth, channels]);
  const outputs4 = sizeOf(y) / 4;
  g.record(
    kernel,
    { x, w, bias, y },
    {
      height,
      width,
      channels4: channels / 4,
      kernel_height: kernelHeight,
      kernel_width: kernelWidth,
      stride,
      padding,
      out_width: outWidth,
      outputs4,
    },
    {
      workgroups: laneGrid(kernel, outputs4),
      tuning: { ACTIVATION: ACTIVATIONS[activation] },
      flops: 2 * sizeOf(y) * kernelHeight * kernelWidth,
    },
  );
  g.note(CONV_DEPTHWISE, { x, w, bias, stride, padding }, y, [x, w, bias]);
  return y;
}
