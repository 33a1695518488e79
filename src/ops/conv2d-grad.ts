import { conv2dBlockGradW as block, conv2dFlip as flip, conv2dGradW as tile } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import {
  bytesOf,
  columnsOf,
  expect,
  MAX_BINDING_BYTES,
  sizeOf,
  storageOf,
  type Tensor,
} from '../graph/tensor.ts';
import { CONV2D, type Conv2dCall, conv2d } from './conv2d.ts';
import { laneGrid } from './lane-grid.ts';
import { passOn } from './pass-on.ts';
import { sumRows } from './sum-rows.ts';

/**
 * Gradients of a convolution: by x it is the convolution of dy with the flipped and transposed weights, as fast as the
 * forward; by w a product over pixels, of chunks of rows that are added up in a fixed order.
 */
export const conv2dGrad = derivativeOf(CONV2D, (g, call, dy) => {
  const { x, w, bias, residual } = call;
  g.accumulate(x, (sum) => gradientByX(g, call, dy, sum));
  g.accumulate(w, (sum) => gradientByW(g, call, dy, sum));
  if (bias)
    g.accumulate(bias, (before) => sumRows(g, dy, bias.shape, { before, name: `grad(${bias.name})` }));
  if (residual) passOn(g, residual, dy);
});

function gradientByX(
  g: Graph,
  { x, w, stride, padding }: Conv2dCall,
  dy: Tensor,
  residual: Tensor | undefined,
): Tensor {
  const [kernelHeight = 0, kernelWidth = 0, channels = 0, cols = 0] = w.shape;
  expect(
    stride === 1 && kernelHeight === kernelWidth && padding < kernelHeight,
    'conv2d',
    () =>
      `the gradient by '${x.name}' is there for stride 1, square kernels and less padding than a kernel is wide, not for '${w.name}' [${w.shape}], stride ${stride} and padding ${padding}`,
  );
  const flipped = g.tensor(`flip(${w.name})`, [kernelHeight, kernelWidth, cols, channels]);
  g.record(
    storedAs(flip, storageOf(w)),
    { w, scale: w.scale ?? w, y: flipped },
    { taps: kernelHeight * kernelWidth, channels4: channels / 4, cols4: cols / 4 },
    { workgroups: laneGrid(flip, sizeOf(w) / 16), tuning: { SCALED: w.scale ? 1 : 0 } },
  );
  return conv2d(g, dy, flipped, {
    stride: 1,
    padding: kernelHeight - 1 - padding,
    ...(residual ? { residual } : {}),
    name: `grad(${x.name})`,
  });
}

/** Pixels of dy that one invocation goes through, about: a GPU wants more invocations than a few cores do. */
const PIXELS = { cpu: 1024, gpu: 256 };

/** Each chunk of rows writes a gradient of its own. */
const MAX_CHUNKS = 32;

function gradientByW(
  g: Graph,
  { x, w, stride, padding }: Conv2dCall,
  dy: Tensor,
  before: Tensor | undefined,
): Tensor {
  const [height = 0, width = 0, channels = 0] = x.shape;
  const [outHeight = 0, outWidth = 0] = dy.shape;
  const [kernelHeight = 0, kernelWidth = 0] = w.shape;
  const cols = columnsOf(w);
  const taps = kernelHeight * kernelWidth;
  const most = Math.min(MAX_CHUNKS, Math.floor(MAX_BINDING_BYTES / bytesOf(w)));
  const pixels = g.traits.cpu ? PIXELS.cpu : PIXELS.gpu;
  const chunk = Math.max(1, Math.floor(pixels / outWidth), Math.ceil(outHeight / most));
  const chunks = Math.ceil(outHeight / chunk);
  const parts = g.tensor(`grad(${w.name}) in ${chunks}`, [chunks, ...w.shape]);
  // Tiles are 8 by 8 channels of a tap, or on software adapters of 3 taps side by side.
  const three = g.traits.cpu && kernelWidth === 3 && stride === 1;
  const kernel = three ? block : tile;
  const tiles = (three ? kernelHeight : taps) * Math.ceil(channels / 8) * Math.ceil(cols / 8);
  const [across, down] = laneGrid(kernel, tiles);
  g.record(
    kernel,
    { x, dy, dw: parts },
    {
      height,
      width,
      channels4: channels / 4,
      kernel_height: kernelHeight,
      kernel_width: kernelWidth,
      stride,
      padding,
      out_height: outHeight,
      out_width: outWidth,
      cols4: cols / 4,
      chunk,
    },
    { workgroups: [across, down, chunks], flops: 2 * outHeight * outWidth * channels * cols * taps },
  );
  return sumRows(g, parts, w.shape, { before, name: `grad(${w.name})` });
}
