/** The activations that kernels fuse, by the numbers of shaders/lib/activation.wgsl. GELU is the exact one. */
export const ACTIVATIONS = { none: 0, relu: 1, gelu: 2, sigmoid: 3 } as const;

export type Activation = keyof typeof ACTIVATIONS;
