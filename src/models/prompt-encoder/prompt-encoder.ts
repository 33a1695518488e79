import type { Tensor } from '../../graph/tensor.ts';
import { conv1x1 } from '../../nn/linear.ts';
import { concat, type Scope } from '../../nn/scope.ts';
import { embedPoints } from '../../ops/embed-points.ts';
import { maskDownscale, packMaskDownscale } from '../../ops/mask-downscale.ts';

/** Channels of every prompt embedding. */
const CHANNELS = 256;
/** Random Fourier frequencies: half of the channels, one sine and one cosine each. */
const FREQUENCIES = CHANNELS / 2;

const gaussian = (scope: Scope) =>
  scope.source('pe_layer.positional_encoding_gaussian_matrix', [2, FREQUENCIES]);

/**
 * Points and box corners as tokens (sam/prompt_encoder.py): random Fourier features plus an embedding by label.
 *
 * @param coords [n, 2], x and y; `scale` takes them to pixels of the square image
 * @param labels [n]: -1 no point, 0 background, 1 foreground, 2 and 3 box corners
 * @returns [n, 256]
 */
export function pointTokens(
  scope: Scope,
  coords: Tensor,
  labels: Tensor,
  { imageSize, scale = 1 }: { imageSize: number; scale?: number },
): Tensor {
  const { gaussian: matrix, labelEmbeddings } = pointTables(scope);
  return embedPoints(scope.graph, coords, labels, matrix, labelEmbeddings, { imageSize, scale });
}

/** What points are embedded by: frequencies [2, 128], and an embedding a label, [5, 256]. */
export function pointTables(scope: Scope): { readonly gaussian: Tensor; readonly labelEmbeddings: Tensor } {
  const names = ['not_a_point_embed', ...[0, 1, 2, 3].map((label) => `point_embeddings.${label}`)];
  const sources = names.map((name) => scope.source(`${name}.weight`, [1, CHANNELS]));
  return {
    gaussian: scope.tensor('pe_layer.positional_encoding_gaussian_matrix', [2, FREQUENCIES]),
    labelEmbeddings: scope.derived('label_embeddings', [names.length, CHANNELS], sources, concat),
  };
}

/** What the decoder gets in place of a mask prompt: [1, 256], for every token of the image. */
export function noMask(scope: Scope): Tensor {
  return scope.tensor('no_mask_embed.weight', [1, CHANNELS]);
}

export const noMaskSource = (scope: Scope) => scope.source('no_mask_embed.weight', [1, CHANNELS]);

/** A mask prompt [S/4, S/4] of logits as dense embedding [S/16, S/16, 256]. */
export function maskTokens(scope: Scope, mask: Tensor): Tensor {
  const convs = scope.at('mask_downscaling');
  const shapes = { 0: [4, 1, 2, 2], 1: [4], 3: [16, 4, 2, 2], 4: [16] } as const;
  const sources = Object.entries(shapes).flatMap(([layer, shape]) => [
    convs.source(`${layer}.weight`, shape),
    convs.source(`${layer}.bias`, [shape[0]]),
  ]);
  const values = sources.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const weights = convs.derived('packed', [values], sources, (...tensors) => packMaskDownscale(tensors));
  return conv1x1(convs.at('6'), maskDownscale(scope.graph, mask, weights), CHANNELS);
}

/** The position of each token of a map `side` wide, as random Fourier features: [side * side, 256]. */
export function densePosition(scope: Scope, side: number): Tensor {
  return scope.derived(`dense_position@${side}`, [side * side, CHANNELS], [gaussian(scope)], (matrix) => {
    const result = new Float32Array(side * side * CHANNELS);
    const centre = (i: number) => (2 * (i + 0.5)) / side - 1;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let f = 0; f < FREQUENCIES; f++) {
          const angle =
            2 * Math.PI * (centre(x) * (matrix[f] ?? 0) + centre(y) * (matrix[FREQUENCIES + f] ?? 0));
          const at = (y * side + x) * CHANNELS + f;
          result[at] = Math.sin(angle);
          result[at + FREQUENCIES] = Math.cos(angle);
        }
    return result;
  });
}
