import type { Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { linear } from './linear.ts';
import type { Scope } from './scope.ts';

export interface MlpOptions {
  /** Between the layers. */
  readonly activation: Activation;
  /** After the last one. */
  readonly output?: Activation;
  /** Added to the result. */
  readonly residual?: Tensor;
}

/** Linear layers `layers.0`, `layers.1`, ... of these widths, with an activation between. */
export function mlp(scope: Scope, x: Tensor, widths: readonly number[], options: MlpOptions): Tensor {
  const { activation, output = 'none', residual } = options;
  return widths.reduce((value, width, i) => {
    const last = i === widths.length - 1;
    return linear(scope.at(`layers.${i}`), value, width, {
      activation: last ? output : activation,
      ...(last && residual ? { residual } : {}),
    });
  }, x);
}
