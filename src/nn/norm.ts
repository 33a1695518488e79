import { columnsOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { layernorm } from '../ops/layernorm.ts';
import type { Scope } from './scope.ts';

/** nn.LayerNorm over the channels (and LayerNorm2d, which is the same thing with channels last). */
export function norm(scope: Scope, x: Tensor, eps: number, activation: Activation = 'none'): Tensor {
  const channels = columnsOf(x);
  const [weight, bias] = [scope.tensor('weight', [channels]), scope.tensor('bias', [channels])];
  return layernorm(scope.graph, x, weight, bias, { eps, activation, name: scope.path });
}
