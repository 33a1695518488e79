import {
  conv2dBlockGradW as block,
  conv2dFlip as flip,
  conv2dGradW as plain,
  conv2dGradWTile as tile,
} from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Choice, Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import {
  bytesOf,
  columnsOf,
  expect,
  MAX_BINDING_BYTES,
  rowsOf,
  sizeOf,
  storageOf,
  type Tensor,
} from '../graph/tensor.ts';
import { CONV2D, type Conv2dCall, conv2d } from './conv2d.ts';
import { laneGrid } from './lane-grid.ts';
import { passOn } from './pass-on.ts';
import { type Tile, tileCols, tileRows } from './product-tile.ts';
import { gradientVariants, rowsPerChunk } from './row-chunks.ts';
import { sumRows } from './sum-rows.ts';
import { chosen, rowClass } from './variants.ts';

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

/** Pixels of dy that one invocation of version 0 goes through, about: a GPU wants more invocations than a few cores do. */
const PIXELS = { cpu: 1024, gpu: 256 };

/** Each chunk of rows writes a gradient of its own. */
const MAX_CHUNKS = 32;

function gradientByW(g: Graph, call: Conv2dCall, dy: Tensor, before: Tensor | undefined): Tensor {
  const { w } = call;
  const [kernelHeight = 0, kernelWidth = 0, channels = 0] = w.shape;
  const pixels = rowsOf(dy);
  const sizeClass = `conv2d_grad_w ${rowClass(pixels)}x${kernelHeight}x${kernelWidth}x${channels}x${columnsOf(w)}`;
  const { variant, choice } = chosen(
    g.traits,
    sizeClass,
    gradientVariants(g.traits, { rows: pixels, cols: columnsOf(w) }),
  );
  const flops = 2 * pixels * sizeOf(w);
  const parts = variant.tile
    ? recordTiles(g, call, dy, { size: variant.tile, flops, choice })
    : recordPlain(g, call, dy, { flops, choice });
  return sumRows(g, parts, w.shape, { before, name: `grad(${w.name})`, choice });
}

interface Work {
  readonly flops: number;
  readonly choice: Choice;
}

/** @returns [chunks, ...w.shape] */
function recordTiles(
  g: Graph,
  { x, w, stride, padding }: Conv2dCall,
  dy: Tensor,
  { size, flops, choice }: Work & { readonly size: Tile },
): Tensor {
  const [height = 0, width = 0, channels = 0] = x.shape;
  const [pixels, cols] = [rowsOf(dy), columnsOf(w)];
  const inner = sizeOf(w) / cols;
  const [across, down] = [Math.ceil(cols / tileCols(size)), Math.ceil(inner / tileRows(size))];
  const most = Math.floor(MAX_BINDING_BYTES / bytesOf(w));
  const chunk = Math.max(rowsPerChunk(pixels, across * down), Math.ceil(pixels / most));
  const chunks = Math.ceil(pixels / chunk);
  const parts = g.tensor(`grad(${w.name}) in ${chunks}`, [chunks, ...w.shape]);
  g.record(
    tile,
    { x, dy, dw: parts },
    {
      height,
      width,
      channels4: channels / 4,
      kernel_width: w.shape[1] ?? 0,
      stride,
      padding,
      out_width: dy.shape[1] ?? 0,
      pixels,
      inner4: inner / 4,
      cols4: cols / 4,
      chunk,
    },
    { workgroups: [across, down, chunks], tuning: size, flops, choice },
  );
  return parts;
}

/** @returns [chunks, ...w.shape] */
function recordPlain(g: Graph, { x, w, stride, padding }: Conv2dCall, dy: Tensor, work: Work): Tensor {
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
  const kernel = three ? block : plain;
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
    { workgroups: [across, down, chunks], ...work },
  );
  return parts;
}
