import { derivativeOf } from '../graph/tape.ts';
import { ADD_POSITION } from './add-position.ts';
import { passOn } from './pass-on.ts';

/** The map gets dy; the position tables are constants. */
export const addPositionGrad = derivativeOf(ADD_POSITION, (g, { x }, dy) => passOn(g, x, dy));
