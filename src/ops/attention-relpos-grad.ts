import {
  attentionRelposGradKv as keysKernel,
  attentionRelposGradQ as queriesKernel,
} from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { rowsOf } from '../graph/tensor.ts';
import { ATTENTION_RELPOS } from './attention-relpos.ts';
import { concatRows } from './copy-rows.ts';
import { windowAttentionGrad } from './window-attention-grad.ts';

/** Gradients of q, also through the terms of its positions, k and v; the tables are frozen. Nothing of the scores is stored. */
export const attentionRelposGrad = derivativeOf(ATTENTION_RELPOS, (g, call, dy) => {
  const { relH, relW } = call;
  // Together they are one binding: a kernel has at most eight.
  const rel = concatRows(g, [relH, relW], { name: `rel(${relH.name})` });
  const WINDOW_WIDTH = (rowsOf(relW) + 1) / 2;
  const tuned = <Options extends { readonly tuning: object }>(options: Options) => ({
    ...options,
    tuning: { ...options.tuning, WINDOW_WIDTH },
  });
  windowAttentionGrad('attentionRelpos', g, call, dy, {
    queries: (operands, { params, options }) =>
      g.record(queriesKernel, { ...operands, rel }, params, tuned(options)),
    keys: (operands, { params, options }) =>
      g.record(keysKernel, { ...operands, rel }, params, tuned(options)),
  });
});
