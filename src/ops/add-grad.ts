import { derivativeOf } from '../graph/tape.ts';
import { ADD } from './add.ts';
import { passOn } from './pass-on.ts';

/** Both sides get dy; the one that was repeated gets the sum over its repetitions. */
export const addGrad = derivativeOf(ADD, (g, { a, b }, dy) => {
  passOn(g, a, dy);
  passOn(g, b, dy);
});
