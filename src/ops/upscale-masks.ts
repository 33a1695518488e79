import { upscaleMasks as kernel } from '../generated/kernels.ts';
import { computedAs, storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, expectShape, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import type { Columns } from './attention.ts';
import { foldedGrid } from './grid.ts';

/** Pixels of the middle map that a workgroup computes. */
const ROWS = 32;

/** What goes into `upscaleMasks`; C is 64 with SAM. */
export interface UpscaleMasks {
  /** [h, w, any]: 4 C columns from `start` on, ordered (dy, dx, c). */
  readonly x: Columns;
  /** [2h, 2w, C] and [4h, 4w, C / 2] */
  readonly skips?: { readonly stride8: Tensor; readonly stride4: Tensor };
  /** [C, 2 C]: columns ordered (dy, dx, c). */
  readonly w: Tensor;
  /** [4 C]: the norm's weight and bias, the bias of `w`. */
  readonly vectors: Tensor;
  /** [masks or more, C / 2] */
  readonly hyper: Tensor;
  /** Up to 4. */
  readonly masks: number;
  readonly eps: number;
}

/**
 * `upscaleNormGelu`, a second transposed convolution and `maskDot` in one, for GPUs: no map between is written.
 *
 * @returns [masks, 4h, 4w]
 * @throws ShapeError where the shapes do not fit.
 */
export function upscaleMasks(
  g: Graph,
  { x, skips, w, vectors, hyper, masks, eps }: UpscaleMasks,
  { name }: { readonly name: string },
): Tensor {
  const [height = 0, width = 0, stride = 0] = x.tensor.shape;
  const [channels = 0] = w.shape;
  const CHANNELS4 = channels / 4;
  expect(
    x.tensor.shape.length === 3 && x.start % 4 === 0 && x.start + 4 * channels <= stride,
    'upscaleMasks',
    () => `'${x.tensor.name}' [${x.tensor.shape}] lacks 4 x ${channels} columns from ${x.start}`,
  );
  // A lane group of all columns takes whole rows, and normalising shares a row out over LANES / ROWS lanes.
  expect(
    [8, 16].includes(CHANNELS4) && masks >= 1 && masks <= 4,
    'upscaleMasks',
    () => `${channels} channels and ${masks} masks: expected 32 or 64, and 1 to 4`,
  );
  expectShape('upscaleMasks', w, [channels, 2 * channels]);
  expectShape('upscaleMasks', vectors, [4 * channels]);
  expect(
    columnsOf(hyper) === channels / 2 && sizeOf(hyper) >= (masks * channels) / 2,
    'upscaleMasks',
    () => `'${hyper.name}' [${hyper.shape}] lacks ${masks} rows of ${channels / 2}`,
  );
  if (skips) {
    expectShape('upscaleMasks', skips.stride8, [2 * height, 2 * width, channels]);
    expectShape('upscaleMasks', skips.stride4, [4 * height, 4 * width, channels / 2]);
  }
  const pixels = 4 * height * width;
  const y = g.tensor(name, [masks, 4 * height, 4 * width]);
  g.record(
    computedAs(storedAs(kernel, storageOf(w)), g.traits.compute),
    {
      x: x.tensor,
      skip8: skips?.stride8 ?? x.tensor,
      skip4: skips?.stride4 ?? x.tensor,
      w,
      scale: w.scale ?? w,
      vectors,
      hyper,
      y,
    },
    { pixels, width, x_stride: stride / 4, x_start: x.start / 4, masks, eps },
    {
      workgroups: foldedGrid(Math.ceil(pixels / ROWS)),
      tuning: {
        ACTIVATION: ACTIVATIONS.gelu,
        CHANNELS4,
        ROWS,
        SCALED: w.scale ? 1 : 0,
        SKIP: skips ? 1 : 0,
      },
      flops: 4 * pixels * channels * channels + 4 * masks * pixels * channels * 2,
    },
  );
  return y;
}
