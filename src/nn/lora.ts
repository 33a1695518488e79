import { columnsOf, type Tensor } from '../graph/tensor.ts';
import { matmul } from '../ops/matmul.ts';
import { linear } from './linear.ts';
import type { Scope } from './scope.ts';

/**
 * nn.Linear with a low-rank term beside its weight, `x (W + B A)ᵀ + b` (build_decoder.py, LoRAqkv: no scale). The sum
 * is made when the weights load and rounded once, so that it costs nothing afterwards; where the term is trained it is
 * two products beside the first. A rank of 0 is the plain layer.
 */
export function loraLinear(scope: Scope, x: Tensor, cols: number, rank: number): Tensor {
  if (rank === 0) return linear(scope, x, cols);
  const inner = columnsOf(x);
  if (scope.graph.trains([scope.source('lora_a.weight', [rank, inner])])) {
    const low = linear(scope.at('lora_a'), x, rank, { bias: false });
    const term = linear(scope.at('lora_b'), low, cols, { bias: false });
    return linear(scope, x, cols, { residual: term });
  }
  const sources = [
    scope.source('weight', [cols, inner]),
    scope.source('lora_a.weight', [rank, inner]),
    scope.source('lora_b.weight', [cols, rank]),
  ];
  const weight = scope.matrix('weight+lora', [inner, cols], sources, (base, a, b) => {
    const packed = new Float32Array(inner * cols);
    for (let o = 0; o < cols; o++)
      for (let i = 0; i < inner; i++) {
        let sum = base[o * inner + i] ?? 0;
        for (let r = 0; r < rank; r++) sum += (b[o * rank + r] ?? 0) * (a[r * inner + i] ?? 0);
        packed[i * cols + o] = sum;
      }
    return packed;
  });
  return matmul(scope.graph, x, weight, { name: scope.path, bias: scope.tensor('bias', [cols]) });
}
