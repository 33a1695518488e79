import { columnsOf, type Tensor } from '../../graph/tensor.ts';
import { conv } from '../../nn/conv.ts';
import { conv1x1 } from '../../nn/linear.ts';
import { mlp } from '../../nn/mlp.ts';
import type { Scope } from '../../nn/scope.ts';
import { type TwoWayState, twoWayBlock } from '../../nn/two-way.ts';
import { add } from '../../ops/add.ts';
import { addPosition } from '../../ops/add-position.ts';
import { boxCorners } from '../../ops/box-corners.ts';
import { concatRows, sliceRows } from '../../ops/copy-rows.ts';
import { dotRows } from '../../ops/dot-rows.ts';
import { resizeBilinear } from '../../ops/resize-bilinear.ts';
import { upsampleAdd } from '../../ops/upsample-add.ts';
import { maskTokens, noMask, pointTokens } from '../prompt-encoder/prompt-encoder.ts';
import { sineTable, tokenPositions } from './positions.ts';

const CHANNELS = 256;
/** Width of the mask head. */
const HIDDEN = 64;

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

/** The image's part of the predictor, shared by all classes: each map brought to 256 channels, coarsest first. */
export function adaptFeatures(scope: Scope, features: readonly Tensor[]): Tensor[] {
  return features.map((feature, level) =>
    columnsOf(feature) === CHANNELS
      ? feature
      : conv1x1(scope.at(`channel_adapters.${level}`), feature, CHANNELS),
  );
}

/**
 * Sam2Rad's high-resolution prompt predictor (ppn/prompt_learning.py, HighResPPN): learned queries walk the maps
 * from coarse to fine, and end as a box, a mask and embeddings for SAM's decoder.
 *
 * @param adapted maps [h, w, 256], coarsest first
 * @param queries [tokens, 256]
 */
export function highResPpn(
  root: Scope,
  adapted: readonly Tensor[],
  queries: Tensor,
  imageSize: number,
): LearnedPrompts {
  const g = root.graph;
  const scope = root.at('prompt_predictor');
  const promptEncoder = root.at('prompt_encoder');
  const tokens = queries.shape[0] ?? 0;
  const query = tokenPositions(scope, tokens, CHANNELS);

  let tokenState = queries;
  let previous: Tensor | undefined;
  adapted.forEach((feature, level) => {
    const table = sineTable(scope, feature.shape[0] ?? 0, CHANNELS);
    const addToKeys = (keys: Tensor) => addPosition(g, keys, table, table);
    const keys = previous ? upsampleAdd(g, feature, previous) : add(g, feature, noMask(promptEncoder));
    const state: TwoWayState = { queries: tokenState, keys };
    const next = twoWayBlock(scope.at(`layers.${level}`), state, { query, addToKeys }, level === 0);
    tokenState = next.queries;
    previous = next.keys;
  });
  const finest = previous ?? queries;

  const interimMask = maskHead(scope.at('mask_classifier'), finest, imageSize / 4);
  const box = boxHead(scope.at('box_regression_head'), tokenState);
  const labels = scope.derived('box_labels', [2], [], () => Float32Array.of(2, 3));
  const corners = pointTokens(promptEncoder, box, labels, { imageSize, scale: imageSize });
  return {
    sparse: concatRows(g, [corners, sliceRows(g, tokenState, 2, tokens - 2)], { name: 'sparse_embeddings' }),
    dense: maskTokens(promptEncoder, interimMask),
    interimMask,
    box,
  };
}

/** Two 3 x 3 convolutions and a 1 x 1 to a single channel, resized to `side`. (Dropout acts in training alone.) */
function maskHead(scope: Scope, x: Tensor, side: number): Tensor {
  const options = { kernel: 3, stride: 1, padding: 1, activation: 'relu' } as const;
  const hidden = conv(scope.at('layers.1'), conv(scope.at('layers.0'), x, HIDDEN, options), HIDDEN, options);
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
