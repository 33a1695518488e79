import { maskDotGradHyper as hyperKernel, maskDotGradX as xKernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { columnsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';
import { MASK_DOT, type MaskDotCall } from './mask-dot.ts';
import { sumRows } from './sum-rows.ts';

/** Pixels that one invocation of the gradient by the vectors goes through. */
const CHUNK = 64;

/** Gradients by features and vectors of `maskDot`; the activated features are computed again, not stored. */
export const maskDotGrad = derivativeOf(MASK_DOT, (g, call, dy) => {
  const { x, skip, hyper } = call;
  g.accumulate(x, (sum) => gradientByFeatures(g, call, dy, x, sum));
  if (skip) g.accumulate(skip, (sum) => gradientByFeatures(g, call, dy, skip, sum));
  g.accumulate(hyper, (sum) => gradientByVectors(g, call, dy, sum));
});

/** What both kernels know of the maps. */
function sizesOf(hyper: Tensor, dy: Tensor) {
  const [masks = 0, height = 0, width = 0] = dy.shape;
  return { pixels: height * width, width, channels4: columnsOf(hyper) / 4, masks };
}

function gradientByFeatures(
  g: Graph,
  { x, skip, hyper }: MaskDotCall,
  dy: Tensor,
  by: Tensor,
  before: Tensor | undefined,
): Tensor {
  const sizes = sizesOf(hyper, dy);
  const dv = g.tensor(`grad(${by.name})`, by.shape);
  g.record(xKernel, { x, skip: skip ?? x, hyper, dy, before: before ?? dy, dv }, sizes, {
    workgroups: laneGrid(xKernel, sizes.pixels * sizes.channels4),
    tuning: {
      ACTIVATION: ACTIVATIONS.gelu,
      SKIP: skip ? 1 : 0,
      SHUFFLED: by === x ? 1 : 0,
      ADD: before ? 1 : 0,
    },
    flops: 2 * sizeOf(dy) * columnsOf(hyper),
  });
  return dv;
}

function gradientByVectors(
  g: Graph,
  { x, skip, hyper }: MaskDotCall,
  dy: Tensor,
  before: Tensor | undefined,
): Tensor {
  const sizes = sizesOf(hyper, dy);
  const chunks = Math.ceil(sizes.pixels / CHUNK);
  const parts = g.tensor(`grad(${hyper.name}) in ${chunks}`, [chunks, ...hyper.shape]);
  const [across, down] = laneGrid(hyperKernel, chunks * sizes.channels4);
  g.record(
    hyperKernel,
    { x, skip: skip ?? x, dy, dhyper: parts },
    { ...sizes, chunk: CHUNK, chunks },
    {
      workgroups: [across, down, Math.ceil(sizes.masks / 4)],
      tuning: { ACTIVATION: ACTIVATIONS.gelu, SKIP: skip ? 1 : 0 },
      flops: 2 * sizeOf(dy) * columnsOf(hyper),
    },
  );
  return sumRows(g, parts, hyper.shape, { before, name: `grad(${hyper.name})` });
}
