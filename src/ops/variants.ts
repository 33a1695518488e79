import type { Choice, GraphTraits } from '../graph/graph.ts';
import { storageOf, type Tensor } from '../graph/tensor.ts';

/** One of the kernels that compute the same: its name is what `GraphTraits.tuned` chooses by. */
export interface Variant {
  readonly name: string;
}

/**
 * The variant that was tuned for a class of sizes, else the first, and what is to be recorded of the choice,
 * with every dispatch of the call: what follows the kernel that was chosen is part of what the variant costs.
 *
 * @param sizeClass op and size, the same for sizes that the same variant should suit
 */
export function chosen<V extends Variant>(
  { tuned }: GraphTraits,
  sizeClass: string,
  variants: readonly [V, ...V[]],
): { readonly variant: V; readonly choice: Choice } {
  const wanted = tuned?.[sizeClass];
  const variant = variants.find(({ name }) => name === wanted) ?? variants[0];
  return { variant, choice: { sizeClass, variants: variants.map(({ name }) => name), taken: variant } };
}

/** Rows up to the next power of two: pictures and prompts of nearly a size share a class. */
export function rowClass(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

/** How weights are stored and what is multiplied: each precision has kernels of its own, and so a class of sizes. */
export function precisionClass({ compute = 'f32' }: GraphTraits, w: Tensor): string {
  return compute === 'f32' ? storageOf(w) : `${storageOf(w)} in ${compute}`;
}
