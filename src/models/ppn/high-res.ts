import { columnsOf, rowsOf, type Tensor } from '../../graph/tensor.ts';
import { conv1x1 } from '../../nn/linear.ts';
import type { Scope } from '../../nn/scope.ts';
import { type TwoWayState, twoWayBlock } from '../../nn/two-way.ts';
import { add } from '../../ops/add.ts';
import { addPosition } from '../../ops/add-position.ts';
import { upsampleAdd } from '../../ops/upsample-add.ts';
import { noMask } from '../prompt-encoder/prompt-encoder.ts';
import { type Dropout, type LearnedPrompts, learnedPrompts } from './heads.ts';
import { sineTable, tokenPositions } from './positions.ts';

const CHANNELS = 256;

/** Pixels of the largest map whose sums are kept rather than made again. */
const MANY = 128 ** 2;

/**
 * Sam2Rad's high-resolution prompt predictor (ppn/prompt_learning.py, HighResPPN): learned queries walk the maps
 * from coarse to fine, and end as a box, a mask and embeddings for SAM's decoder. Each map is brought to 256 channels
 * for each class again: at S = 1024 the finest is 64 MiB then, and 8 before.
 *
 * @param features maps [h, w, channels], coarsest first
 * @param queries [tokens, 256]
 */
export function highResPpn(
  root: Scope,
  features: readonly Tensor[],
  queries: Tensor,
  imageSize: number,
  dropout?: Dropout,
): LearnedPrompts {
  const g = root.graph;
  const scope = root.at('prompt_predictor');
  const tokens = queries.shape[0] ?? 0;
  const query = tokenPositions(scope, tokens, CHANNELS);

  let tokenState = queries;
  let previous: Tensor | undefined;
  features.forEach((raw, level) => {
    const adapter = scope.at(`channel_adapters.${level}`);
    const feature = columnsOf(raw) === CHANNELS ? raw : conv1x1(adapter, raw, CHANNELS);
    const table = sineTable(scope, feature.shape[0] ?? 0, CHANNELS);
    const addToKeys = (keys: Tensor) => addPosition(g, keys, table, table);
    const keys = previous
      ? upsampleAdd(g, feature, previous)
      : add(g, feature, noMask(root.at('prompt_encoder')));
    const positions = { query, addToKeys, manyKeys: rowsOf(feature) > MANY };
    const state: TwoWayState = { queries: tokenState, keys };
    const next = twoWayBlock(scope.at(`layers.${level}`), state, positions, level === 0);
    tokenState = next.queries;
    previous = next.keys;
  });
  return learnedPrompts(root, tokenState, previous ?? queries, imageSize, dropout);
}
