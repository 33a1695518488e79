import { matmulPlaced as kernel } from '../generated/kernels.ts';
import { computedAs, storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, expectShape, rowsOf, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { isLarge, TILES, tileCols, tileRows } from './product-tile.ts';

/** Columns of a workgroup, whichever tile it is. */
const TILE = 64;

/**
 * `(x + position) w + bias` in the first columns and `x w + bias` in the others: what attends to a map, for GPUs.
 *
 * @param x [..., inner]; `position` has as many values
 * @param w [inner, cols]
 * @param placed columns that see the position, a multiple of 64
 * @returns [...x.shape without the last axis, cols]
 * @throws ShapeError where the shapes do not fit.
 */
export function matmulPlaced(
  g: Graph,
  x: Tensor,
  position: Tensor,
  w: Tensor,
  { bias, placed, name }: { readonly bias: Tensor; readonly placed: number; readonly name: string },
): Tensor {
  const [rows, inner] = [rowsOf(x), columnsOf(x)];
  const [, cols = 0] = w.shape;
  expectShape('matmulPlaced', w, [inner, cols]);
  expectShape('matmulPlaced', bias, [cols]);
  expect(
    sizeOf(position) === rows * inner && inner % 4 === 0 && cols % 4 === 0 && placed % TILE === 0,
    'matmulPlaced',
    () =>
      `'${x.name}' [${x.shape}] and '${position.name}' [${position.shape}], ${cols} columns, ${placed} of them placed: expected as many values, axes that are multiples of 4, and of ${TILE} placed`,
  );
  const y = g.tensor(name, [...x.shape.slice(0, -1), cols]);
  // Next to x a lane keeps its position: smaller lanes have the registers.
  const tile = TILES[isLarge({ rows, cols }) ? 'tile 64 8x4' : 'tile 32'];
  g.record(
    computedAs(storedAs(kernel, storageOf(w)), g.traits.compute),
    { x, position, w, scale: w.scale ?? w, bias, y },
    { rows, inner4: inner / 4, cols4: cols / 4, placed4: placed / 4 },
    {
      workgroups: [Math.ceil(cols / tileCols(tile)), Math.ceil(rows / tileRows(tile)), 1],
      tuning: { ...tile, SCALED: w.scale ? 1 : 0 },
      flops: 2 * rows * inner * cols,
    },
  );
  return y;
}
