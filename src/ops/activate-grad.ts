import { activateGrad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { ACTIVATE } from './activate.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** `dx = dy activation'(x)`; relu has the derivative 0 at 0, as in PyTorch. */
export const activateGrad = derivativeOf(ACTIVATE, (g, { x, activation }, dy) => {
  g.accumulate(x, (before) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const outputs4 = sizeOf(x) / 4;
    g.record(
      kernel,
      { x, dy, before: before ?? dy, dx },
      { outputs4 },
      {
        workgroups: laneGrid(kernel, outputs4),
        tuning: { ACTIVATION: ACTIVATIONS[activation], ADD: before ? 1 : 0 },
      },
    );
    return dx;
  });
});
