import {
  attentionRelposGradKvShared as keysShared,
  attentionRelposGradKv as keysSingle,
  attentionRelposGradQShared as queriesShared,
  attentionRelposGradQ as queriesSingle,
} from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { rowsOf } from '../graph/tensor.ts';
import { ATTENTION_RELPOS } from './attention-relpos.ts';
import { concatRows } from './copy-rows.ts';
import { SHARES, sharesHeads } from './shared-heads.ts';
import type { WindowCall } from './window-attention.ts';
import { windowAttentionGrad } from './window-attention-grad.ts';

/** Gradients of q, also through the terms of its positions, k and v; the tables are frozen. Nothing of the scores is stored. */
export const attentionRelposGrad = derivativeOf(ATTENTION_RELPOS, (g, call, dy) => {
  const { relH, relW } = call;
  // Together they are one binding: a kernel has at most eight.
  const rel = concatRows(g, [relH, relW], { name: `rel(${relH.name})` });
  const WINDOW_WIDTH = (rowsOf(relW) + 1) / 2;
  const shared = sharesHeads(g.traits, call.tuning.HEAD4);
  const tuned = <Options extends { readonly tuning: WindowCall['tuning'] }>(options: Options) => {
    const LANES = (shared ? SHARES : 1) * options.tuning.LANES;
    return { ...options, tuning: { ...options.tuning, LANES, WINDOW_WIDTH } };
  };
  windowAttentionGrad('attentionRelpos', g, call, dy, {
    queries: (operands, { params, options }) =>
      g.record(shared ? queriesShared : queriesSingle, { ...operands, rel }, params, tuned(options)),
    keys: (operands, { params, options }) =>
      g.record(shared ? keysShared : keysSingle, { ...operands, rel }, params, tuned(options)),
  });
});
