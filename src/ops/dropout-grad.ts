import { derivativeOf } from '../graph/tape.ts';
import { DROPOUT, recordDropout } from './dropout.ts';

/** Dropout of dy where x was dropped: the mask is hashed again, not stored. */
export const dropoutGrad = derivativeOf(DROPOUT, (g, call, dy) => {
  g.accumulate(call.x, (sum) => recordDropout(g, call, dy, sum, `grad(${call.x.name})`));
});
