import {
  matmulBlock as block,
  matmul as plain,
  matmulQuad as quad,
  matmulSplit as split,
  matmulStationary as stationary,
  matmulTile as tile,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, rowsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from './activation.ts';
import { unfused } from './epilogue.ts';
import { type ProductKernels, productVariants } from './product-variants.ts';
import { type ProductKernel, type ProductOperands, recordProductBy } from './record-product.ts';
import { chosen, precisionClass, rowClass } from './variants.ts';

/** What a product does with its sums before it stores them. */
export interface MatmulEpilogue {
  /** [cols], added to every row ([batch, cols] for a batched product). */
  readonly bias?: Tensor;
  readonly activation?: Activation;
  /** Added last; a residual of fewer rows is repeated. */
  readonly residual?: Tensor;
  readonly name?: string;
}

/** `y = x w + bias + residual`: see matmul-grad.ts. */
export const MATMUL: DifferentiableOp<{
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor | undefined;
  readonly residual: Tensor | undefined;
}> = { name: 'matmul' };

/**
 * `activation(x w + bias) + residual`, for x [..., inner] and w [inner, cols]; both axes multiples of 4.
 * A weight of three axes, [batch, inner, cols], makes as many independent products: x is then [batch, rows, inner].
 *
 * @returns [...x.shape without the last axis, cols]
 * @throws ShapeError where the axes do not fit.
 */
export function matmul(g: Graph, x: Tensor, w: Tensor, epilogue: MatmulEpilogue = {}): Tensor {
  const { bias, activation = 'none', residual, name = `matmul(${x.name},${w.name})` } = epilogue;
  const apart = unfused(g, [x, w, bias], { activation, residual, name }, (inner) =>
    matmul(g, x, w, { ...(bias ? { bias } : {}), name: inner }),
  );
  if (apart) return apart;
  const [inner = 0, cols = 0] = w.shape.slice(-2);
  const batch = w.shape.length === 3 ? (w.shape[0] ?? 1) : 1;
  const rows = rowsOf(x) / batch;
  const detail = () => `'${x.name}' [${x.shape}] times '${w.name}' [${w.shape}]`;
  expect(columnsOf(x) === inner && Number.isInteger(rows), 'matmul', () => `${detail()} does not fit`);
  expect(inner % 4 === 0 && cols % 4 === 0, 'matmul', () => `${detail()} needs axes that are multiples of 4`);
  if (bias)
    expect(
      sizeOf(bias) === batch * cols,
      'matmul',
      () => `bias '${bias.name}' has [${bias.shape}], expected ${batch * cols} values`,
    );
  if (residual)
    expect(
      columnsOf(residual) === cols,
      'matmul',
      () => `residual '${residual.name}' has [${residual.shape}], expected [?,${cols}]`,
    );

  const y = g.tensor(name, [...x.shape.slice(0, -1), cols]);
  recordProduct(g, { x, w, bias, residual, y }, { batch, rows, inner, cols, activation });
  g.note(MATMUL, { x, w, bias, residual }, y, [x, w, bias, residual]);
  return y;
}

/** Records the kernel for a product of this size; inner and cols are multiples of 4. */
export function recordProduct(
  g: Graph,
  operands: ProductOperands,
  size: {
    readonly batch: number;
    readonly rows: number;
    readonly inner: number;
    readonly cols: number;
    readonly activation: Activation;
  },
): void {
  const { batch, rows, inner, cols } = size;
  const sizeClass = `matmul ${rowClass(rows)}x${inner}x${cols}${batch > 1 ? ` by ${batch}` : ''} ${precisionClass(g.traits, operands.w)}`;
  const by = chosen(g.traits, sizeClass, productVariants(KERNELS, g.traits, size));
  recordProductBy(g, by, operands, size, { inner4: inner / 4 });
}

const KERNELS: ProductKernels<ProductKernel<'inner4'>> = { plain, tile, split, block, quad, stationary };
