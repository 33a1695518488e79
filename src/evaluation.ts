/**
 * sam2rad-webgpu/evaluation: how well masks agree with true ones, and what a file of true ones
 * must be. Plain computation, without a GPU, a page or Node,
 * and apart from the engine, so that who only segments does not load it.
 */
export * from './tasks/evaluate/bootstrap.ts';
export * from './tasks/evaluate/distance.ts';
export * from './tasks/evaluate/mask.ts';
export * from './tasks/evaluate/metrics.ts';
export { randomStream, shuffled } from './tasks/evaluate/random.ts';
export * from './tasks/evaluate/summary.ts';
export * from './tasks/evaluate/surface.ts';
export { DatasetError, listed } from './tasks/masks/error.ts';
export * from './tasks/masks/mask-file.ts';
export { CLASS_COLOURS } from './tasks/masks/palette.ts';
export { decodePng, type PngSamples } from './tasks/masks/png.ts';
export type { Box } from './tasks/types.ts';
export type { Colour } from './web/mask.ts';
