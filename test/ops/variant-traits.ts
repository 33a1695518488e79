import type { GraphTraits, TunedKernels } from '../../src/graph/graph.ts';

/** A GPU's traits with a variant for each class of sizes: where an op has no such variant, its default. */
function gpuWhere(variantOf: (sizeClass: string) => string | undefined): Partial<GraphTraits> {
  const tuned: TunedKernels = new Proxy({}, { get: (_, key) => variantOf(String(key)) });
  return { cpu: false, tuned };
}

/** One for every product. */
export const gpuWith = (variant: string): Partial<GraphTraits> =>
  // Classes of sizes alone: whoever prints it asks for much else.
  gpuWhere((sizeClass) => (/^(matmul|conv2d)\w* \d/.test(sizeClass) ? variant : undefined));

/**
 * One for the gradients of weights. What they are gradients of computes by what SwiftShader compiles soonest: its own tests
 * have its variants.
 */
export const gpuWithGradient = (variant: string): Partial<GraphTraits> =>
  gpuWhere((sizeClass) =>
    /^\w+_grad_w \d/.test(sizeClass) ? variant : /^(matmul|conv2d) \d/.test(sizeClass) ? 'plain' : undefined,
  );

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
