import { columnsOf, type Tensor } from '../graph/tensor.ts';
import { linear } from './linear.ts';
import type { Scope } from './scope.ts';

/** Which blocks of an encoder have an adapter before them, by their paths, and how wide its middle is. */
export interface Adapters {
  readonly hidden: number;
  readonly blocks: readonly string[];
}

/**
 * What enters a block: `x + gelu(W2 gelu(W1 x + a) + b)` where the block has an adapter (adapters.py, AdapterBlock),
 * else x. Shortcut and normalisation both see it.
 */
export function adapted(block: Scope, x: Tensor, adapters: Adapters | undefined): Tensor {
  if (!adapters?.blocks.includes(block.path)) return x;
  const scope = block.at('adapter');
  const hidden = linear(scope.at('lin1'), x, adapters.hidden, { activation: 'gelu' });
  return linear(scope.at('lin2'), hidden, columnsOf(x), { activation: 'gelu', residual: x });
}
