import type { LoadOptions, Model } from './types.ts';

/** Placeholder while the models are being written. */
export declare function loadModel(source: string | URL | Blob, options?: LoadOptions): Promise<Model>;
