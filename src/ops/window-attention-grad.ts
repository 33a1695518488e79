import type { Graph } from '../graph/graph.ts';
import { expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import { accumulateColumns } from './place-columns.ts';
import type { HeadRange, WindowCall } from './window-attention.ts';

/** One dispatch of a gradient: the heads of a range, by a kernel's parameters and options. */
interface Part {
  readonly params: WindowCall['params'] & { readonly first_head: number };
  readonly options: Pick<HeadRange, 'workgroups' | 'flops'> & { readonly tuning: WindowCall['tuning'] };
}

type QueryOperands = Omit<WindowCall['operands'], 'y'> & Readonly<Record<'dy' | 'dq' | 'statistics', Tensor>>;
type KeyOperands = Omit<WindowCall['operands'], 'y' | 'pad'> &
  Readonly<Record<'dy' | 'statistics' | 'dk' | 'dv', Tensor>>;

/** How an op records its two kernels. */
interface Kernels {
  /** dq, and for each row and head the logarithm of the softmax's sum and the sum of P dy . v. */
  readonly queries: (operands: QueryOperands, part: Part) => void;
  readonly keys: (operands: KeyOperands, part: Part) => void;
}

/**
 * What the gradients of the kernels with positional terms have in common; they are trained through, by the adapters of
 * an encoder, and never trained themselves.
 *
 * @throws ShapeError where the padding or a table would need a gradient.
 */
export function windowAttentionGrad(
  op: string,
  g: Graph,
  { q, k, v, y, operands, params, tuning, ranges, frozen }: WindowCall,
  dy: Tensor,
  kernels: Kernels,
): void {
  for (const tensor of frozen)
    expect(
      !(tensor && g.needsGradient(tensor)),
      op,
      () => `no gradient flows to '${tensor?.name}': padding and positions must be frozen`,
    );
  const rows = rowsOf(q.tensor);
  const shape = [rows, params.heads * 4 * tuning.HEAD4];
  const dq = g.tensor(`grad(${q.tensor.name} as q)`, shape);
  const statistics = g.tensor(`statistics(${y.name})`, [rows, params.heads, 2]);
  // The forward's products are two for each pair; here they are five, then four.
  const parts = (products: number) =>
    ranges.map(({ first, workgroups, flops }): Part => {
      const options = { workgroups, tuning, flops: (products / 2) * flops };
      return { params: { ...params, first_head: first }, options };
    });
  const { q: query, k: key, v: value, pad } = operands;
  for (const part of parts(5)) kernels.queries({ q: query, k: key, v: value, pad, dy, dq, statistics }, part);
  const gradients = [{ of: q, gradient: dq }];
  if (g.needsGradient(k.tensor) || g.needsGradient(v.tensor)) {
    const dk = g.tensor(`grad(${k.tensor.name} as k)`, shape);
    const dv = g.tensor(`grad(${v.tensor.name} as v)`, shape);
    for (const part of parts(4)) kernels.keys({ q: query, k: key, v: value, dy, statistics, dk, dv }, part);
    gradients.push({ of: k, gradient: dk }, { of: v, gradient: dv });
  }
  accumulateColumns(g, gradients);
}
