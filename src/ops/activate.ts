import { activate as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

export const ACTIVATE: DifferentiableOp<{ readonly x: Tensor; readonly activation: Activation }> = {
  name: 'activate',
};

/**
 * An activation by itself: for training, which must know what went into it. Inference has it in the op before.
 *
 * @param x a multiple of 4 values
 * @returns the shape of x
 */
export function activate(
  g: Graph,
  x: Tensor,
  activation: Activation,
  { name = `${activation}(${x.name})` }: { readonly name?: string } = {},
): Tensor {
  const outputs4 = sizeOf(x) / 4;
  expect(
    Number.isInteger(outputs4),
    'activate',
    () => `'${x.name}' [${x.shape}] has no multiple of 4 values`,
  );
  const y = g.tensor(name, x.shape);
  const tuning = { ACTIVATION: ACTIVATIONS[activation] };
  g.record(kernel, { x, y }, { outputs4 }, { workgroups: laneGrid(kernel, outputs4), tuning });
  g.note(ACTIVATE, { x, activation }, y, [x]);
  return y;
}
