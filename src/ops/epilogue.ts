import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { activate } from './activate.ts';
import type { Activation } from './activation.ts';
import { add } from './add.ts';

/** What follows a sum of products. */
interface Epilogue {
  readonly activation: Activation;
  readonly residual: Tensor | undefined;
  readonly name: string;
}

/**
 * `activation(product) + residual` as ops of their own, where a gradient will flow through an activation: its derivative
 * needs what went in, which a fused kernel does not keep.
 *
 * @param inputs what the product is made of
 * @param product records it without epilogue, under this name
 * @returns undefined where the fused kernel will do
 */
export function unfused(
  g: Graph,
  inputs: readonly (Tensor | undefined)[],
  { activation, residual, name }: Epilogue,
  product: (name: string) => Tensor,
): Tensor | undefined {
  if (activation === 'none' || !inputs.some((input) => input && g.needsGradient(input))) return undefined;
  const activated = activate(
    g,
    product(`${name} before ${activation}`),
    activation,
    residual ? {} : { name },
  );
  return residual ? add(g, activated, residual, { name }) : activated;
}
