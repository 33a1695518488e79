import type { GraphTraits, TunedKernels } from '../../src/graph/graph.ts';

/** A GPU's traits with one variant for every class of sizes: where an op has no such variant, its default. */
export function gpuWith(variant: string): Partial<GraphTraits> {
  // Classes of sizes alone: whoever prints it asks for much else.
  const get = (_: object, key: string | symbol) =>
    /^(matmul|conv2d)\w* \d/.test(String(key)) ? variant : undefined;
  const tuned: TunedKernels = new Proxy({}, { get });
  return { cpu: false, tuned };
}

/** The variants of a product on a software adapter, which has subgroups where they are needed. */
export const SOFTWARE: readonly (readonly [string, Partial<GraphTraits>])[] = [
  ['block', { cpu: true, subgroups: false }],
  ...['quad', 'stationary'].map((name) => [name, { ...gpuWith(name), cpu: true, subgroups: true }] as const),
];

/** The variants of a product on a GPU. */
export const PRODUCTS = [
  ...['plain', 'tile 64', 'tile 64x96', 'tile 64x128', 'tile 64 8x4', 'tile 64x32', 'tile 32'],
  ...['split 32', 'split 16'],
];

/** The variants of a weight's gradient on a GPU. */
export const GRADIENTS = [...['plain', 'tile 64', 'tile 64x128', 'tile 64 8x4', 'tile 64x32', 'tile 32']];
