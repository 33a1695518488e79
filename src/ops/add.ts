import { add as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** `y = a + b`, the rows of b repeated: see add-grad.ts. */
export const ADD: DifferentiableOp<{ readonly a: Tensor; readonly b: Tensor }> = { name: 'add' };

/** Options of `add`. */
export interface AddOptions {
  readonly activation?: Activation;
  readonly name?: string;
}

/**
 * `activation(a + b)` for a [..., cols] and b [..., cols] whose rows are repeated until a is full: an equal shape, a position
 * table, one row for all. Both have a multiple of 4 values.
 *
 * @returns the shape of a
 * @throws ShapeError where the columns differ or b does not fill a a whole number of times.
 */
export function add(
  g: Graph,
  a: Tensor,
  b: Tensor,
  { activation = 'none', name = `add(${a.name},${b.name})` }: AddOptions = {},
): Tensor {
  expect(
    columnsOf(a) === columnsOf(b) && sizeOf(a) % sizeOf(b) === 0 && sizeOf(b) % 4 === 0,
    'add',
    () =>
      `'${b.name}' [${b.shape}] does not repeat to fill '${a.name}' [${a.shape}] (sizes in multiples of 4)`,
  );
  const y = g.tensor(name, a.shape);
  const outputs4 = sizeOf(a) / 4;
  g.record(
    kernel,
    { a, b, y },
    { outputs4, period4: sizeOf(b) / 4 },
    { workgroups: laneGrid(kernel, outputs4), tuning: { ACTIVATION: ACTIVATIONS[activation] } },
  );
  expect(
    activation === 'none' || !g.needsGradient(a),
    'add',
    () => `no gradient flows through '${name}', for it has an activation: make that an op of its own`,
  );
  g.note(ADD, { a, b }, y, [a, b]);
  return y;
}
