import { columnsOf, type Tensor } from '../../graph/tensor.ts';
import { conv1x1 } from '../../nn/linear.ts';
import type { Scope } from '../../nn/scope.ts';
import { type TwoWayState, twoWayBlock } from '../../nn/two-way.ts';
import { add } from '../../ops/add.ts';
import { addPosition } from '../../ops/add-position.ts';
import { upsampleAdd } from '../../ops/upsample-add.ts';
import { noMask } from '../prompt-encoder/prompt-encoder.ts';
import { type LearnedPrompts, learnedPrompts } from './heads.ts';
import { sineTable, tokenPositions } from './positions.ts';

const CHANNELS = 256;

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
  const tokens = queries.shape[0] ?? 0;
  const query = tokenPositions(scope, tokens, CHANNELS);

  let tokenState = queries;
  let previous: Tensor | undefined;
  adapted.forEach((feature, level) => {
    const table = sineTable(scope, feature.shape[0] ?? 0, CHANNELS);
    const addToKeys = (keys: Tensor) => addPosition(g, keys, table, table);
    const keys = previous
      ? upsampleAdd(g, feature, previous)
      : add(g, feature, noMask(root.at('prompt_encoder')));
    const state: TwoWayState = { queries: tokenState, keys };
    const next = twoWayBlock(scope.at(`layers.${level}`), state, { query, addToKeys }, level === 0);
    tokenState = next.queries;
    previous = next.keys;
  });
  return learnedPrompts(root, tokenState, previous ?? queries, imageSize);
}
