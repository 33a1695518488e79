import { notLoaded } from '../errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ImageFeatures } from '../models/features.ts';
import type { Scope } from '../nn/scope.ts';
import type { ModelConfig } from '../weights/config.ts';

/** A model's image encoder: `image` [S, S, 4] to the maps of `featureMaps`, under the checkpoint's root scope. */
export type Encoder = (root: Scope, image: Tensor) => ImageFeatures;

/**
 * The image encoder of a configuration. Each family is a module of its own, loaded when a model of it is: a bundler
 * makes chunks of them, and a page carries none that it does not use. Recording stays synchronous.
 *
 * @throws UnsupportedError where the module cannot be loaded, which only a bundled page can meet
 */
export async function loadEncoder({ encoder, adapters }: ModelConfig): Promise<Encoder> {
  try {
    switch (encoder.kind) {
      case 'hiera': {
        const { hieraEncoder } = await import('../models/hiera/encoder.ts');
        return (root, image) => hieraEncoder(root, image, encoder, adapters);
      }
      case 'vit': {
        const { vitEncoder } = await import('../models/vit/encoder.ts');
        return (root, image) => vitEncoder(root, image, encoder, adapters);
      }
      case 'tinyvit': {
        const { tinyVitEncoder } = await import('../models/tinyvit/encoder.ts');
        return (root, image) => tinyVitEncoder(root, image, encoder, adapters);
      }
    }
  } catch (cause) {
    throw notLoaded(encoder.kind, cause);
  }
}
