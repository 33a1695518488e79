import { rowsOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { channelRanges, linear, linearInputs, linearOutputs } from './linear.ts';
import type { Scope } from './scope.ts';

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
  const ranges = channelRanges(rowsOf(x), hidden);
  if (ranges.length === 1) return mlp(scope, x, [hidden, width], options);
  const [up, down] = [layer(scope, names, 0), layer(scope, names, 1)];
  let sum = residual;
  for (const range of ranges) {
    const part = linearOutputs(up, x, range, { activation });
    const bias = range.start === 0;
    sum = linearInputs(down, part, range, width, { bias, ...(sum ? { residual: sum } : {}) });
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
