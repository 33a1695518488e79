import type { Tensor } from '../../graph/tensor.ts';
import { type Adapters, adapted } from '../../nn/adapter.ts';
import { conv } from '../../nn/conv.ts';
import type { Scope } from '../../nn/scope.ts';
import type { ViTConfig } from '../../weights/config.ts';
import type { ImageFeatures } from '../features.ts';
import { samNeck } from '../neck.ts';
import { vitBlock } from './block.ts';
import { absolutePositions } from './position.ts';

/** Side of a patch in pixels. */
const PATCH = 16;

/**
 * SAM's image encoder (sam/modeling/image_encoder.py, ImageEncoderViT): ViT-B, L or H.
 *
 * @param root the checkpoint's root scope
 * @param image [S, S, 4], normalised, channel 3 zero
 * @returns levels [S/16, S/16, embedDim]: what the last block makes, and the one before it
 */
export function vitEncoder(
  root: Scope,
  image: Tensor,
  config: ViTConfig,
  adapters?: Adapters,
): ImageFeatures {
  const { embedDim, depth, numHeads, globalBlocks, window, tableSize } = config;
  const scope = root.at('image_encoder');
  const side = (image.shape[0] ?? 0) / PATCH;
  const residual = absolutePositions(scope, tableSize, side, embedDim);
  const patches = { kernel: PATCH, stride: PATCH, padding: 0, inputs: 3, residual };
  let x = conv(scope.at('patch_embed.proj'), image, embedDim, patches);
  let before = x;
  for (let index = 0; index < depth; index++) {
    const block = scope.at(`blocks.${index}`);
    const global = globalBlocks.includes(index);
    before = x;
    x = vitBlock(block, adapted(block, x, adapters), {
      heads: numHeads,
      window: global ? 0 : window,
      relativeRows: 2 * (global ? tableSize : window) - 1,
    });
  }
  return { embedding: samNeck(scope.at('neck'), x), levels: [x, before] };
}
