import { MAX_BINDING_BYTES, rowsOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { matmul } from '../ops/matmul.ts';
import { linear, linearOutputs } from './linear.ts';
import { type Scope, transpose } from './scope.ts';

export interface MlpOptions {
  /** Between the layers. */
  readonly activation: Activation;
  /** After the last one. */
  readonly output?: Activation;
  /** Added to the result. */
  readonly residual?: Tensor;
  /** The layers' names where they are not `layers.0`, `layers.1`, ... */
  readonly names?: readonly string[];
}

const layer = (scope: Scope, names: MlpOptions['names'], i: number) => scope.at(names?.[i] ?? `layers.${i}`);

/**
 * Two layers whose hidden values would not fit one binding, in as few slices of the hidden axis as do:
 * W2 f(W1 x + a) + b is the sum over slices of W2's columns times f of W1's rows.
 */
export function slicedMlp(
  scope: Scope,
  x: Tensor,
  [hidden, width]: readonly [number, number],
  options: MlpOptions,
): Tensor {
  const { activation, residual, names } = options;
  let slices = Math.ceil((rowsOf(x) * hidden * 4) / MAX_BINDING_BYTES);
  // Equal slices, of whole vec4s.
  while (hidden % (4 * slices) !== 0) slices += 1;
  if (slices === 1) return mlp(scope, x, [hidden, width], options);
  const [up, down] = [layer(scope, names, 0), layer(scope, names, 1)];
  const count = hidden / slices;
  let sum = residual;
  for (let start = 0; start < hidden; start += count) {
    const part = linearOutputs(up, x, { start, count, of: hidden }, { activation });
    const weight = down.matrix(
      `weight[:,${start}:${start + count}]`,
      [count, width],
      [down.source('weight', [width, hidden])],
      (values) => transpose(values, width, hidden).slice(start * width, (start + count) * width),
    );
    sum = matmul(scope.graph, part, weight, {
      name: down.path,
      ...(start === 0 ? { bias: down.tensor('bias', [width]) } : {}),
      ...(sum ? { residual: sum } : {}),
    });
  }
  return sum ?? x;
}

/** Linear layers of these widths, one after the other, with an activation between. */
export function mlp(scope: Scope, x: Tensor, widths: readonly number[], options: MlpOptions): Tensor {
  const { activation, output = 'none', residual, names } = options;
  return widths.reduce((value, width, i) => {
    const last = i === widths.length - 1;
    return linear(layer(scope, names, i), value, width, {
      activation: last ? output : activation,
      ...(last && residual ? { residual } : {}),
    });
  }, x);
}
