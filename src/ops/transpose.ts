import { transpose as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, rowsOf, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
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
  return turned(g, w, [...w.shape.slice(0, -2), cols, rows]);
}

/**
 * The transpose of a map or of tokens read as [rows, channels], both multiples of 4.
 *
 * @returns [channels, rows]
 * @throws ShapeError for another number of rows or channels.
 */
export function transposeRows(g: Graph, x: Tensor): Tensor {
  const [rows, cols] = [rowsOf(x), columnsOf(x)];
  expect(
    rows % 4 === 0 && cols % 4 === 0,
    'transposeRows',
    () => `'${x.name}' has shape [${x.shape}], expected rows and channels that are multiples of 4`,
  );
  return turned(g, x, [cols, rows]);
}

/** @param shape of the result: its last two axes are turned. */
function turned(g: Graph, w: Tensor, shape: readonly number[]): Tensor {
  const [cols = 0, rows = 0] = shape.slice(-2);
  const y = g.tensor(`transpose(${w.name})`, shape);
  const tiles = sizeOf(w) / 16;
  g.record(
    storedAs(kernel, storageOf(w)),
    { w, scale: w.scale ?? w, y },
    { rows4: rows / 4, cols4: cols / 4, tiles },
    { workgroups: laneGrid(kernel, tiles), tuning: { SCALED: w.scale ? 1 : 0 } },
  );
  return y;
}
