import {
  conv2dBlock as block,
  conv2d as plain,
  conv2dQuad as quad,
  conv2dStationary as stationary,
  conv2dTile as tile,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, expectShape, type Tensor } from '../graph/tensor.ts';
import type { Activation } from './activation.ts';
import { unfused } from './epilogue.ts';
import { type ProductKernels, productVariants } from './product-variants.ts';
import { type ProductKernel, recordProductBy } from './record-product.ts';
import { chosen, precisionClass, rowClass } from './variants.ts';

/** What the gradient of a convolution must know. */
export interface Conv2dCall {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor | undefined;
  readonly residual: Tensor | undefined;
  readonly stride: number;
  readonly padding: number;
}

/** `conv(x, w) + bias + residual`: see conv2d-grad.ts. */
export const CONV2D: DifferentiableOp<Conv2dCall> = { name: 'conv2d' };

/** Geometry of a convolution, and what it does with its sums before it stores them. */
export interface Conv2dOptions {
  /** [O], added to every pixel. */
  readonly bias?: Tensor;
  readonly stride: number;
  /** Zeros around the map, on all four sides. */
  readonly padding: number;
  readonly activation?: Activation;
  /** [..., O], added last, after the activation; a residual of fewer rows is repeated. */
  readonly residual?: Tensor;
  readonly name?: string;
}

/**
 * `activation(conv(x, w) + bias) + residual`, for x [H, W, C] and w [kernel height, kernel width, C, O]: PyTorch's
 * [O, C, kh, kw] permuted by (2, 3, 1, 0). C and O are multiples of 4.
 *
 * @returns [Ho, Wo, O], where Ho = floor((H + 2 padding - kernel height) / stride) + 1
 * @throws ShapeError where the axes do not fit or no pixel is left.
 */
export function conv2d(g: Graph, x: Tensor, w: Tensor, options: Conv2dOptions): Tensor {
  const {
    bias,
    stride,
    padding,
    activation = 'none',
    residual,
    name = `conv2d(${x.name},${w.name})`,
  } = options;
  const apart = unfused(g, [x, w, bias], { activation, residual, name }, (inner) =>
    conv2d(g, x, w, { ...(bias ? { bias } : {}), stride, padding, name: inner }),
  );
  if (apart) return apart;
  const [height = 0, width = 0, channels = 0] = x.shape;
  const [kernelHeight = 0, kernelWidth = 0, inner = 0, cols = 0] = w.shape;
  const detail = () => `'${x.name}' [${x.shape}] with '${w.name}' [${w.shape}]`;
  expect(
    x.shape.length === 3 && w.shape.length === 4 && channels === inner,
    'conv2d',
    () => `${detail()} does not fit`,
  );
  expect(
    channels % 4 === 0 && cols % 4 === 0,
    'conv2d',
    () => `${detail()} needs channels that are multiples of 4`,
  );
  if (bias) expectShape('conv2d', bias, [cols]);
  if (residual)
    expect(
      columnsOf(residual) === cols,
      'conv2d',
      () => `residual '${residual.name}' has [${residual.shape}], expected [...,${cols}]`,
    );
  const outHeight = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
  expect(
    outHeight > 0 && outWidth > 0,
    'conv2d',
    () => `${detail()}, stride ${stride} and padding ${padding} leaves no pixel`,
  );

  const rows = outHeight * outWidth;
  const y = g.tensor(name, [outHeight, outWidth, cols]);
  const steps = kernelHeight * kernelWidth * channels;
  const sizeClass = `conv2d ${rowClass(rows)}x${kernelHeight}x${kernelWidth}x${channels}x${cols} ${precisionClass(g.traits, w)}`;
  const variants = productVariants(KERNELS, g.traits, {
    ...{ batch: 1, rows, inner: steps, cols },
    run: kernelWidth * channels,
  });
  recordProductBy(
    g,
    chosen(g.traits, sizeClass, variants),
    { x, w, bias, residual, y },
    { rows, inner: steps, cols, activation },
    {
      height,
      width,
      channels4: channels / 4,
      kernel_height: kernelHeight,
      kernel_width: kernelWidth,
      stride,
      padding,
      out_width: outWidth,
    },
  );
  g.note(CONV2D, { x, w, bias, residual, stride, padding }, y, [x, w, bias, residual]);
  return y;
}

/** Parameters beside those of every product. */
type Geometry = Exclude<(typeof plain)['params'][number]['name'], 'rows' | 'cols4' | 'residual_rows'>;

const KERNELS: ProductKernels<ProductKernel<Geometry>> = { plain, tile, block, quad, stationary };
