/** Models that the repository has tables of: their weights are generated, or not needed at all. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../host/serve.ts';
import type { ModelSource } from './source.ts';

type Extras = Omit<ModelSource, 'name' | 'weights' | 'file'>;

/** Read when it is asked for: a table has some 50 KB. */
const known = (name: string, table: string, extras: Extras) => (): ModelSource => ({
  ...{ name, ...extras },
  // The tables of test/fixtures are this project's own.
  weights: JSON.parse(readFileSync(join(root, `test/fixtures/${table}.json`), 'utf8')) as NonNullable<
    ModelSource['weights']
  >,
});

const SAM2RAD = 'goldens/nano-sam2rad.weights';

export const NANO = known('nano', SAM2RAD, { imageSize: 256 });
export const TINY = known('tiny', 'goldens/sam2rad-hiera-t.weights', { imageSize: 1024 });
export const TINY_F16 = known('tiny f16', 'goldens/sam2rad-hiera-t.weights', {
  ...{ imageSize: 1024, storage: 'f16', compute: 'f16' },
  parts: ['encode', 'click', 'auto'],
});

/**
 * What nano does not run: ViT's relative positions, TinyViT's depthwise convolutions and biased attention, products of
 * stored matrices, adapters with low-rank terms. At S = 256, so that a software adapter can be asked; training and
 * learned prompts are nano's.
 */
export const FAMILIES = [
  known('ViT-B', 'tables/sam_vit_b', { imageSize: 256, parts: ['encode', 'click'] }),
  known('MobileSAM', 'tables/mobile_sam', { imageSize: 256, parts: ['encode', 'click'] }),
  known('nano f16', SAM2RAD, { imageSize: 256, parts: ['encode', 'click', 'auto'], storage: 'f16' }),
  known('nano q8', SAM2RAD, { imageSize: 256, parts: ['encode', 'click', 'auto'], storage: 'q8' }),
  known('nano with adapters and LoRA', 'goldens/nano-sam2rad-adapter-lora.weights', {
    imageSize: 256,
    parts: ['encode', 'click', 'auto'],
  }),
];
