import { resizeBilinear as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/** Linear in x: see resize-bilinear-grad.ts. */
export const RESIZE_BILINEAR: DifferentiableOp<{ readonly x: Tensor }> = { name: 'resizeBilinear' };

/** Longer axes would overflow the kernel's exact positions. */
const LONGEST = 32767;

/**
 * Maps of one channel, x [..., h, w], resized to [..., H, W]: PyTorch's `interpolate(mode='bilinear',
 * align_corners=False)`, without antialias.
 *
 * @throws ShapeError where x has fewer than two axes or one is longer than 32767.
 */
export function resizeBilinear(
  g: Graph,
  x: Tensor,
  [outHeight, outWidth]: readonly [height: number, width: number],
  { name = `resize(${x.name})` }: { readonly name?: string } = {},
): Tensor {
  const [height = 0, width = 0] = x.shape.slice(-2);
  expect(
    x.shape.length > 1 && Math.max(height, width, outHeight, outWidth) <= LONGEST,
    'resizeBilinear',
    () => `'${x.name}' [${x.shape}] to [${outHeight},${outWidth}] needs two axes of at most ${LONGEST}`,
  );
  const y = g.tensor(name, [...x.shape.slice(0, -2), outHeight, outWidth]);
  const outputs = sizeOf(y);
  g.record(
    kernel,
    { x, y },
    { height, width, out_height: outHeight, out_width: outWidth, outputs },
    { workgroups: laneGrid(kernel, outputs) },
  );
  g.note(RESIZE_BILINEAR, { x }, y, [x]);
  return y;
}
