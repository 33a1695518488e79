import type { Tensor } from '../../graph/tensor.ts';
import { conv } from '../../nn/conv.ts';
import { mlp } from '../../nn/mlp.ts';
import type { Scope } from '../../nn/scope.ts';
import { boxCorners } from '../../ops/box-corners.ts';
import { concatRows, sliceRows } from '../../ops/copy-rows.ts';
import { dotRows } from '../../ops/dot-rows.ts';
import { resizeBilinear } from '../../ops/resize-bilinear.ts';
import { maskTokens, pointTokens } from '../prompt-encoder/prompt-encoder.ts';

const CHANNELS = 256;
/** Width of the mask head. */
const HIDDEN = 64;

/** Drops channels of a map, in training; `use` counts its uses. */
export type Dropout = (x: Tensor, use: number) => Tensor;

/** The prompts that the predictor makes for one class. */
export interface LearnedPrompts {
  /** [2 + (tokens - 2), 256]: the predicted box's corners, then the other tokens. */
  readonly sparse: Tensor;
  /** [S/16, S/16, 256] */
  readonly dense: Tensor;
  /** [S/4, S/4] logits of the mask prompt. */
  readonly interimMask: Tensor;
  /** [2, 2]: x0 y0, x1 y1 as shares of the square image; may pass 1. */
  readonly box: Tensor;
}

/**
 * What both predictors make of the tokens and the map that attention left them: a mask and a box, encoded as SAM encodes
 * a person's, beside the other tokens.
 *
 * @param tokens [n, 256]
 * @param finest [h, w, 256]
 * @param dropout between the mask head's layers, in training alone
 */
export function learnedPrompts(
  root: Scope,
  tokens: Tensor,
  finest: Tensor,
  imageSize: number,
  dropout?: Dropout,
): LearnedPrompts {
  const g = root.graph;
  const scope = root.at('prompt_predictor');
  const promptEncoder = root.at('prompt_encoder');
  const interimMask = maskHead(scope.at('mask_classifier'), finest, imageSize / 4, dropout);
  const box = boxHead(scope.at('box_regression_head'), tokens);
  const labels = scope.derived('box_labels', [2], [], () => Float32Array.of(2, 3));
  const corners = pointTokens(promptEncoder, box, labels, { imageSize, scale: imageSize });
  const others = sliceRows(g, tokens, 2, (tokens.shape[0] ?? 0) - 2);
  return {
    sparse: concatRows(g, [corners, others], { name: 'sparse_embeddings' }),
    dense: maskTokens(promptEncoder, interimMask),
    interimMask,
    box,
  };
}

/** Two 3 x 3 convolutions and a 1 x 1 to a single channel, resized to `side`. */
function maskHead(scope: Scope, x: Tensor, side: number, dropout: Dropout = (map) => map): Tensor {
  const options = { kernel: 3, stride: 1, padding: 1, activation: 'relu' } as const;
  const hidden = [0, 1].reduce(
    (map, layer) => dropout(conv(scope.at(`layers.${layer}`), map, HIDDEN, options), layer),
    x,
  );
  const last = scope.at('final_conv');
  const weight = last.tensor('weight', [1, HIDDEN, 1, 1], [HIDDEN]);
  const mask = dotRows(scope.graph, hidden, weight, last.tensor('bias', [1]));
  return mask.shape[0] === side ? mask : resizeBilinear(scope.graph, mask, [side, side]);
}

/** The first two tokens, side by side, to x, y, width and height as shares, then to corners. */
function boxHead(scope: Scope, tokens: Tensor): Tensor {
  const pair = sliceRows(scope.graph, tokens, 0, 2, { shape: [1, 2 * CHANNELS] });
  const shares = mlp(scope.at('mlp'), pair, [CHANNELS, 4], { activation: 'relu', output: 'sigmoid' });
  return boxCorners(scope.graph, shares);
}
