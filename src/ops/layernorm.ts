import { layernorm as parallel, layernormSerial as serial } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, expectShape, rowsOf, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { laneGrid } from './lane-grid.ts';
import { splitRow } from './split-row.ts';

/** `layernorm(x) * weight + bias`: see layernorm-grad.ts. */
export const LAYERNORM: DifferentiableOp<{
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly eps: number;
}> = { name: 'layernorm' };

/** Options of `layernorm`. */
export interface LayernormOptions {
  readonly eps: number;
  readonly activation?: Activation;
  readonly name?: string;
}

/**
 * `activation(layernorm(x) * weight + bias)` over the last axis, for x [..., cols], weight and bias [cols], cols a
 * multiple of 4. On a channels-last map [H, W, C] this is PyTorch's LayerNorm2d.
 *
 * @returns the shape of x
 * @throws ShapeError where the axes do not fit.
 */
export function layernorm(
  g: Graph,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { eps, activation = 'none', name = `layernorm(${x.name})` }: LayernormOptions,
): Tensor {
  const cols = columnsOf(x);
  const rows = rowsOf(x);
  expect(
    cols % 4 === 0,
    'layernorm',
    () => `'${x.name}' [${x.shape}] needs columns that are a multiple of 4`,
  );
  expectShape('layernorm', weight, [cols]);
  expectShape('layernorm', bias, [cols]);
  const y = g.tensor(name, x.shape);
  const operands = { x, weight, bias, y };
  const params = { rows, cols4: cols / 4, eps };
  const tuning = { ACTIVATION: ACTIVATIONS[activation] };
  const split = g.traits.cpu ? undefined : splitRow(rows, params.cols4);
  if (split) g.record(parallel, operands, params, { ...split, tuning: { ...split.tuning, ...tuning } });
  else g.record(serial, operands, params, { workgroups: laneGrid(serial, rows), tuning });
  expect(
    activation === 'none' || ![x, weight, bias].some((input) => g.needsGradient(input)),
    'layernorm',
    () => `no gradient flows through '${name}', for it has an activation: make that an op of its own`,
  );
  g.note(LAYERNORM, { x, weight, bias, eps }, y, [x, weight, bias]);
  return y;
}
