import type { Tensor } from '../../graph/tensor.ts';
import { type Adapters, adapted } from '../../nn/adapter.ts';
import type { Scope } from '../../nn/scope.ts';
import type { TinyViTConfig } from '../../weights/config.ts';
import type { ImageFeatures } from '../features.ts';
import { samNeck } from '../neck.ts';
import { tinyVitBlock } from './block.ts';
import { mbConv, patchMerging, tinyVitStem } from './convolutions.ts';

/**
 * MobileSAM's image encoder (tiny_vit_sam.py, TinyViT, in eval mode): a stem, a layer of convolutions and three of
 * window attention. The last merging keeps the side, so that the embedding is S/16 wide.
 *
 * @param root the checkpoint's root scope
 * @param image [S, S, 4], normalised, channel 3 zero
 * @returns levels [S/16, S/16, 320]: what the last layer makes, and the one before it
 */
export function tinyVitEncoder(
  root: Scope,
  image: Tensor,
  config: TinyViTConfig,
  adapters?: Adapters,
): ImageFeatures {
  const { embedDims, depths, numHeads, windows } = config;
  const scope = root.at('image_encoder');
  let x = tinyVitStem(scope.at('patch_embed'), image, embedDims[0] ?? 0);
  let before = x;
  depths.forEach((depth, index) => {
    const layer = scope.at(`layers.${index}`);
    before = x;
    for (let i = 0; i < depth; i++) {
      const block = layer.at(`blocks.${i}`);
      x =
        index === 0
          ? mbConv(block, x)
          : tinyVitBlock(block, adapted(block, x, adapters), {
              heads: numHeads[index] ?? 1,
              window: windows[index] ?? 1,
            });
    }
    const next = embedDims[index + 1];
    const last = index === depths.length - 2;
    if (next !== undefined) x = patchMerging(layer.at('downsample'), x, next, last ? 1 : 2);
  });
  return { embedding: samNeck(scope.at('neck'), x), levels: [x, before] };
}
