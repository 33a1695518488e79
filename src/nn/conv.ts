import { columnsOf, type Tensor } from '../graph/tensor.ts';
import type { Activation } from '../ops/activation.ts';
import { convDepthwise } from '../ops/conv-depthwise.ts';
import { conv2d } from '../ops/conv2d.ts';
import { biasRange, type ChannelRange } from './linear.ts';
import { type Scope, transpose } from './scope.ts';

export interface ConvOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly activation?: Activation;
  /** Added last; fewer rows are repeated. */
  readonly residual?: Tensor;
  /** Whether the checkpoint has a bias; true by default. */
  readonly bias?: boolean;
  /** Channels that the checkpoint knows; the others of `x` are padding and get zero weights. */
  readonly inputs?: number;
}

/** nn.Conv2d: [H, W, in] to [H', W', channels]; stored as [out, in, k, k]. */
export function conv(scope: Scope, x: Tensor, channels: number, options: ConvOptions): Tensor {
  const { kernel, inputs = columnsOf(x), bias = true, ...rest } = options;
  const padded = columnsOf(x);
  const taps = kernel * kernel;
  const weight = scope.matrix(
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
    ...(bias ? { bias: scope.tensor('bias', [channels]) } : {}),
    name: scope.path,
  });
}

/**
 * nn.Conv2d with as many groups as channels: [H, W, channels] to [H', W', channels]; stored as [channels, 1, k, k].
 *
 * @param range which channels of the layer x holds; all by default
 */
export function depthwise(
  scope: Scope,
  x: Tensor,
  { kernel, ...rest }: Pick<ConvOptions, 'kernel' | 'stride' | 'padding' | 'activation'>,
  range: ChannelRange = { start: 0, count: columnsOf(x), of: columnsOf(x) },
): Tensor {
  const { start, count, of } = range;
  const taps = kernel * kernel;
  const weight = scope.derived(
    `weight[${start}:${start + count}]`,
    [kernel, kernel, count],
    [scope.source('weight', [of, 1, kernel, kernel])],
    (values) => transpose(values.subarray(start * taps, (start + count) * taps), count, taps),
  );
  return convDepthwise(scope.graph, x, weight, biasRange(scope, range), { ...rest, name: scope.path });
}
