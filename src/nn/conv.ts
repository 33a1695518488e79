import { columnsOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { conv2d } from '../ops/conv2d.ts';
import type { Scope } from './scope.ts';

export interface ConvOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly activation?: Activation;
  /** Added last; fewer rows are repeated. */
  readonly residual?: Tensor;
  /** Channels that the checkpoint knows; the others of `x` are padding and get zero weights. */
  readonly inputs?: number;
}

/** nn.Conv2d with bias: [H, W, in] to [H', W', channels]; stored as [out, in, k, k]. */
export function conv(scope: Scope, x: Tensor, channels: number, options: ConvOptions): Tensor {
  const { kernel, inputs = columnsOf(x), ...rest } = options;
  const padded = columnsOf(x);
  const taps = kernel * kernel;
  const weight = scope.derived(
    'weight',
    [kernel, kernel, padded, channels],
    [scope.source('weight', [channels, inputs, kernel, kernel])],
    (values) => {
      const packed = new Float32Array(taps * padded * channels);
      for (let o = 0; o < channels; o++)
        for (let i = 0; i < inputs; i++)
          for (let tap = 0; tap < taps; tap++)
            packed[(tap * padded + i) * channels + o] = values[(o * inputs + i) * taps + tap] ?? 0;
      return packed;
    },
  );
  return conv2d(scope.graph, x, weight, {
    ...rest,
    bias: scope.tensor('bias', [channels]),
    name: scope.path,
  });
}
