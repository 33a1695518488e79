import type { Tensor } from '../graph/tensor.ts';
import type { ModelConfig } from '../weights/config.ts';

/** What decoder and prompt predictor see of a picture; maps are [height, width, channels]. */
export interface ImageFeatures {
  /** [S/16, S/16, 256] */
  readonly embedding: Tensor;
  /** The further maps of `featureMaps`, in its order. */
  readonly levels: readonly Tensor[];
}

/** A square map that the encoder leaves for the later stages. */
export interface FeatureMap {
  /** The name under which the stages meet. */
  readonly name: string;
  /** Pixels on each side. */
  readonly side: number;
  readonly channels: number;
}

/** The image's features in the order in which the prompt predictor walks them: the embedding, then coarse to fine. */
export function featureMaps({ imageSize, encoder, ppn }: ModelConfig): [FeatureMap, ...FeatureMap[]] {
  const side = imageSize / 16;
  const embedding = { name: 'image_embedding', side, channels: 256 };
  if (encoder.kind === 'hiera')
    return [
      embedding,
      { name: 'stride8', side: 2 * side, channels: 64 },
      { name: 'stride4', side: 4 * side, channels: 32 },
    ];
  // SAM's decoder needs the embedding alone.
  if (ppn?.kind !== 'high-res') return [embedding];
  const channels = encoder.kind === 'vit' ? encoder.embedDim : (encoder.embedDims.at(-1) ?? 0);
  return [embedding, { name: 'trunk', side, channels }, { name: 'trunk_before', side, channels }];
}
