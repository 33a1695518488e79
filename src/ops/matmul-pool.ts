import { matmulPool as kernel } from '../generated/kernels.ts';
import { computedAs, storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { matmul } from './matmul.ts';
import { maxPool2x2 } from './max-pool2x2.ts';
import { isLarge, TILES, tileCols, tileRows, tilesFor } from './product-tile.ts';

/**
 * `maxPool2x2(x w + bias)`: one kernel on a GPU, where maps are large, and the product is never stored; two where a gradient
 * will flow, which asks for what was pooled.
 *
 * @param x [H, W, inner]
 * @param w [inner, cols]; `bias` has cols values
 * @returns [floor(H / 2), floor(W / 2), cols]
 * @throws ShapeError where the shapes do not fit.
 */
export function matmulPool(
  g: Graph,
  x: Tensor,
  w: Tensor,
  { bias, name = `matmul(${x.name},${w.name})` }: { readonly bias: Tensor; readonly name?: string },
): Tensor {
  const [height = 0, width = 0, inner = 0] = x.shape;
  const [steps, cols = 0] = w.shape;
  const [outHeight, outWidth] = [Math.floor(height / 2), Math.floor(width / 2)];
  const rows = 4 * outHeight * outWidth;
  const isTrained = [x, w, bias].some((input) => g.needsGradient(input));
  if (g.traits.cpu || isTrained || !isLarge({ rows, cols }))
    return maxPool2x2(g, matmul(g, x, w, { bias, name }));
  expect(
    x.shape.length === 3 && steps === inner && inner % 4 === 0 && cols % 4 === 0 && sizeOf(bias) === cols,
    'matmulPool',
    () => `'${x.name}' [${x.shape}] times '${w.name}' [${w.shape}] and bias [${bias.shape}] do not fit`,
  );
  const y = g.tensor(`maxPool2x2(${name})`, [outHeight, outWidth, cols]);
  const tile = TILES[tilesFor({ rows, cols, inner })[0]];
  g.record(
    computedAs(storedAs(kernel, storageOf(w)), g.traits.compute),
    { x, w, scale: w.scale ?? w, bias, y },
    {
      ...{ rows: rows / 4, inner4: inner / 4, cols4: cols / 4 },
      ...{ width, out_width: outWidth },
    },
    {
      workgroups: [Math.ceil(cols / tileCols(tile)), Math.ceil(rows / tileRows(tile)), 1],
      tuning: { ...tile, POOLED: 1, SCALED: w.scale ? 1 : 0 },
      flops: 2 * rows * inner * cols,
    },
  );
  return y;
}
