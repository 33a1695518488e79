import type { Tensor } from '../../graph/tensor.ts';
import type { Scope } from '../../nn/scope.ts';
import { twoWayBlock } from '../../nn/two-way.ts';
import { addPosition } from '../../ops/add-position.ts';
import { type Dropout, type LearnedPrompts, learnedPrompts } from './heads.ts';
import { sineTable, tokenPositions } from './positions.ts';

const CHANNELS = 256;

/**
 * Sam2Rad's first prompt predictor (ppn/prompt_learning.py, TwoWayCrossAttention): the learned queries meet the image
 * embedding once.
 *
 * @param embedding [S/16, S/16, 256]
 * @param queries [tokens, 256]
 */
export function linearPpn(
  root: Scope,
  embedding: Tensor,
  queries: Tensor,
  imageSize: number,
  dropout?: Dropout,
): LearnedPrompts {
  const g = root.graph;
  const scope = root.at('prompt_predictor');
  const query = tokenPositions(scope, queries.shape[0] ?? 0, CHANNELS);
  const table = sineTable(scope, embedding.shape[0] ?? 0, CHANNELS);
  const addToKeys = (keys: Tensor) => addPosition(g, keys, table, table);
  const state = { queries, keys: embedding };
  const met = twoWayBlock(scope.at('layers.0'), state, { query, addToKeys }, false);
  return learnedPrompts(root, met.queries, met.keys, imageSize, dropout);
}
