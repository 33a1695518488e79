import { transpose as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/**
 * The transpose of a matrix w [inner, cols], or of each of [batch, inner, cols]; both axes multiples of 4.
 *
 * @returns [cols, inner] or [batch, cols, inner], in f32 however w is stored
 * @throws ShapeError for another shape.
 */
export function transpose(g: Graph, w: Tensor): Tensor {
  const [rows = 0, cols = 0] = w.shape.slice(-2);
  expect(
    (w.shape.length === 2 || w.shape.length === 3) && rows % 4 === 0 && cols % 4 === 0,
    'transpose',
    () => `'${w.name}' has shape [${w.shape}], expected a matrix or a batch of them, axes multiples of 4`,
  );
  const y = g.tensor(`transpose(${w.name})`, [...w.shape.slice(0, -2), cols, rows]);
  const tiles = sizeOf(w) / 16;
  g.record(
    storedAs(kernel, storageOf(w)),
    { w, scale: w.scale ?? w, y },
    { rows4: rows / 4, cols4: cols / 4, tiles },
    { workgroups: laneGrid(kernel, tiles), tuning: { SCALED: w.scale ? 1 : 0 } },
  );
  return y;
}
