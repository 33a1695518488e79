import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { ADD, add } from './add.ts';
import { sumRows } from './sum-rows.ts';

/** Both sides get dy; the one that was repeated gets the sum over its repetitions. */
export const addGrad = derivativeOf(ADD, (g, { a, b }, dy) => {
  g.accumulate(a, (sum) => (sum ? add(g, sum, dy) : dy));
  g.accumulate(b, (sum) => {
    if (sizeOf(b) < sizeOf(dy)) return sumRows(g, dy, b.shape, { before: sum, name: `grad(${b.name})` });
    return sum ? add(g, sum, dy) : dy;
  });
});
