import {
  attentionBiasGradKv as keysKernel,
  attentionBiasGradQ as queriesKernel,
} from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { ATTENTION_BIAS } from './attention-bias.ts';
import { windowAttentionGrad } from './window-attention-grad.ts';

/** Gradients of q, k and v; the table is frozen. Nothing of the scores is stored. */
export const attentionBiasGrad = derivativeOf(ATTENTION_BIAS, (g, call, dy) => {
  const { bias, window } = call;
  const [, window_width] = window;
  windowAttentionGrad('attentionBias', g, call, dy, {
    queries: (operands, { params, options }) =>
      g.record(queriesKernel, { ...operands, bias }, { ...params, window_width }, options),
    keys: (operands, { params, options }) =>
      g.record(keysKernel, { ...operands, bias }, { ...params, window_width }, options),
  });
});
