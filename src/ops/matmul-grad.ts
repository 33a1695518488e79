import { matmulGradW as plain, matmulGradWTile as tiles } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { columnsOf, expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import { add } from './add.ts';
import { laneGrid } from './lane-grid.ts';
import { MATMUL, matmul, recordProduct } from './matmul.ts';
import { passOn } from './pass-on.ts';
import { tileCols, tileRows } from './product-tile.ts';
import { gradientVariants, rowsPerChunk } from './row-chunks.ts';
import { sumRows } from './sum-rows.ts';
import { transpose, transposeRows } from './transpose.ts';
import { chosen, rowClass } from './variants.ts';

/** Rows that one invocation of version 0 adds up: long sums are split, for there are few of them. */
const CHUNK = 512;

/** From so many on the transpose of x is little beside the product. */
const MANY_ROWS = 64;

/** `dx = dy wᵀ`, `dw = xᵀ dy`, `dbias` the sum of dy over rows; the residual gets dy. */
export const matmulGrad = derivativeOf(MATMUL, (g, { x, w, bias, residual }, dy) => {
  const batch = w.shape.length === 3 ? (w.shape[0] ?? 1) : 1;
  g.accumulate(x, (sum) => {
    const name = `grad(${x.name})`;
    // A batched product repeats its residual for each entry: there the sum is an op of its own.
    if (!sum || batch > 1) {
      const dx = matmul(g, dy, transposed(g, w), { name });
      return sum ? add(g, sum, dx, { name }) : dx;
    }
    return matmul(g, dy, transposed(g, w), { residual: sum, name });
  });
  g.accumulate(w, (sum) => weightGradient(g, x, dy, w, sum));
  if (bias) {
    expect(
      batch === 1 || rowsOf(dy) === batch || !g.needsGradient(bias),
      'matmul',
      () => `no gradient of the bias '${bias.name}' of a batched product of several rows`,
    );
    g.accumulate(bias, (before) => sumRows(g, dy, bias.shape, { before, name: `grad(${bias.name})` }));
  }
  if (residual) passOn(g, residual, dy);
});

const made = new WeakMap<Graph, Map<Tensor, Tensor>>();

/** The transpose of a weight, or of the rows of a map, made once a recording however many products read it. */
function transposed(g: Graph, x: Tensor, turn = transpose): Tensor {
  const known = made.get(g) ?? new Map<Tensor, Tensor>();
  made.set(g, known);
  const turned = known.get(x) ?? turn(g, x);
  known.set(x, turned);
  return turned;
}

function weightGradient(g: Graph, x: Tensor, dy: Tensor, w: Tensor, before: Tensor | undefined): Tensor {
  const [inner, cols] = [columnsOf(x), columnsOf(dy)];
  const batch = w.shape.length === 3 ? (w.shape[0] ?? 1) : 1;
  const rows = rowsOf(x) / batch;
  const name = `grad(${w.name})`;
  // On software adapters the forward's kernel is so much the faster that a transpose is paid for.
  if (g.traits.cpu && batch === 1 && rows % 4 === 0 && rows >= MANY_ROWS) {
    const y = g.tensor(name, w.shape);
    recordProduct(
      g,
      { x: transposed(g, x, transposeRows), w: dy, bias: undefined, residual: before, y },
      { batch, rows: inner, inner: rows, cols, activation: 'none' },
    );
    return y;
  }
  const sizeClass = `matmul_grad_w ${rowClass(rows)}x${inner}x${cols}${batch > 1 ? ` by ${batch}` : ''}`;
  const { variant, choice } = chosen(g.traits, sizeClass, gradientVariants(g.traits, { rows, cols }));
  const { tile } = variant;
  const down = Math.ceil(inner / (tile ? tileRows(tile) : 8));
  const across = Math.ceil(cols / (tile ? tileCols(tile) : 8));
  const chunk = tile ? rowsPerChunk(rows, batch * down * across) : CHUNK;
  const chunks = Math.ceil(rows / chunk);
  const dw = chunks === 1 ? g.tensor(name, w.shape) : g.tensor(`${name} in ${chunks}`, [chunks, ...w.shape]);
  const adds = before !== undefined && chunks === 1;
  const operands = { x, dy, before: adds ? before : x, dw };
  const params = { rows, inner4: inner / 4, cols4: cols / 4, chunk, batch };
  const options = { flops: 2 * batch * rows * inner * cols, choice };
  const ADD = adds ? 1 : 0;
  if (tile)
    g.record(tiles, operands, params, {
      ...options,
      workgroups: [across, down, batch * chunks],
      tuning: { ADD, ...tile },
    });
  else {
    const parts = chunks * batch * down * across;
    const workgroups = laneGrid(plain, parts);
    g.record(plain, operands, { ...params, tiles: parts }, { ...options, workgroups, tuning: { ADD } });
  }
  return chunks === 1 ? dw : sumRows(g, dw, w.shape, { before, name, choice });
}
