import { derivativeOf } from '../graph/tape.ts';
import { add } from './add.ts';
import { ADD_POSITION } from './add-position.ts';

/** The map gets dy; the position tables are constants. */
export const addPositionGrad = derivativeOf(ADD_POSITION, (g, { x }, dy) => {
  g.accumulate(x, (sum) => (sum ? add(g, sum, dy, { name: `grad(${x.name})` }) : dy));
});
