import { matmulJoin as join } from '../generated/kernels.ts';
import { computedAs, type Kernel, storedAs } from '../gpu/kernel.ts';
import type { Choice, Graph } from '../graph/graph.ts';
import { sizeOf, storageOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { laneGrid } from './lane-grid.ts';
import type { ProductVariant } from './product-variants.ts';

/** x is read as [batch, rows, inner], w as [batch, inner, cols], whatever their axes: a convolution's rows are its pixels. */
export interface ProductOperands {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor | undefined;
  readonly residual: Tensor | undefined;
  readonly y: Tensor;
}

/** What all kernels of products have in common, beside parameters of their own. */
export type ProductKernel<Param extends string> = Kernel<
  'x' | 'w' | 'scale' | 'bias' | 'residual' | 'y',
  Param | 'rows' | 'cols4' | 'residual_rows',
  'ACTIVATION' | 'SCALED' | 'BIAS' | 'RESIDUAL'
>;

const NO_EPILOGUE = { ACTIVATION: 0, SCALED: 0, BIAS: 0, RESIDUAL: 0 };

/**
 * Records a product by the variant that was chosen. Where that cuts the inner axis into chunks, each leaves its sums,
 * [batch * chunks, rows, cols], and a further kernel adds them up and has the epilogue.
 *
 * @param own parameters that the op's kernels have beside the common ones
 */
export function recordProductBy<Param extends string>(
  g: Graph,
  { variant, choice }: { readonly variant: ProductVariant<ProductKernel<Param>>; readonly choice: Choice },
  { x, w, bias, residual, y }: ProductOperands,
  {
    batch = 1,
    rows,
    inner,
    cols,
    activation,
  }: {
    readonly batch?: number;
    readonly rows: number;
    readonly inner: number;
    readonly cols: number;
    readonly activation: Activation;
  },
  own: Readonly<Record<Param, number>>,
): void {
  const { kernel, tileRows, tileCols, tuning, chunks = 1 } = variant;
  const operands = { scale: w.scale ?? w, bias: bias ?? w, residual: residual ?? w };
  const sizes = { rows, cols4: cols / 4, residual_rows: residual ? sizeOf(residual) / cols : 1 };
  const epilogue = {
    ACTIVATION: ACTIVATIONS[activation],
    SCALED: w.scale ? 1 : 0,
    BIAS: bias ? 1 : 0,
    RESIDUAL: residual ? 1 : 0,
  };
  const parts = chunks === 1 ? y : g.tensor(`${y.name} in ${chunks}`, [batch * chunks, rows, cols]);
  g.record(
    computedAs(storedAs(kernel, storageOf(w)), g.traits.compute),
    { ...operands, x, w, y: parts },
    { ...own, ...sizes },
    {
      workgroups: [Math.ceil(cols / tileCols), Math.ceil(rows / tileRows), batch * chunks],
      tuning: { ...(chunks === 1 ? epilogue : NO_EPILOGUE), ...tuning },
      flops: 2 * batch * rows * inner * cols,
      choice,
    },
  );
  if (chunks === 1) return;
  const outputs4 = batch * rows * sizes.cols4;
  g.record(
    join,
    { ...operands, parts, y },
    { outputs4, chunks, ...sizes },
    { workgroups: laneGrid(join, outputs4), tuning: epilogue, choice },
  );
}
