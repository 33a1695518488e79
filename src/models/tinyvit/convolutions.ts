import { columnsOf, rowsOf, type Tensor } from '../../graph/tensor.ts';
import { conv, depthwise } from '../../nn/conv.ts';
import { channelRanges, conv1x1, linearInputs, linearOutputs } from '../../nn/linear.ts';
import type { Scope } from '../../nn/scope.ts';
import { add } from '../../ops/add.ts';

/** How much wider the middle of an MBConv is. */
const EXPANSION = 4;

/** TinyViT's stem (PatchEmbed; BatchNorms are folded): image [S, S, 4] to [S/4, S/4, channels]. */
export function tinyVitStem(scope: Scope, image: Tensor, channels: number): Tensor {
  const halving = { kernel: 3, stride: 2, padding: 1 } as const;
  const half = conv(scope.at('seq.0'), image, channels / 2, { ...halving, inputs: 3, activation: 'gelu' });
  return conv(scope.at('seq.2'), half, channels, halving);
}

/**
 * Inverted bottleneck (MBConv): 1 x 1 to four times the channels, depthwise 3 x 3, 1 x 1 back, then the shortcut. The
 * wide channels never meet before the last product, so a map too large for a binding is made in parts.
 */
export function mbConv(scope: Scope, x: Tensor): Tensor {
  const channels = columnsOf(x);
  const options = { kernel: 3, stride: 1, padding: 1, activation: 'gelu' } as const;
  let narrow: Tensor | undefined;
  for (const part of channelRanges(rowsOf(x), EXPANSION * channels)) {
    const range = { ...part, conv: true };
    const wide = linearOutputs(scope.at('conv1'), x, range, { activation: 'gelu' });
    const mixed = depthwise(scope.at('conv2'), wide, options, range);
    const bias = range.start === 0;
    const residual = narrow ? { residual: narrow } : {};
    narrow = linearInputs(scope.at('conv3'), mixed, range, channels, { bias, ...residual });
  }
  return add(scope.graph, narrow ?? x, x, { activation: 'gelu', name: scope.path });
}

/** Between two layers (PatchMerging): to `channels`, and to half the side if `stride` is 2. */
export function patchMerging(scope: Scope, x: Tensor, channels: number, stride: 1 | 2): Tensor {
  const wide = conv1x1(scope.at('conv1'), x, channels, { activation: 'gelu' });
  const options = { kernel: 3, stride, padding: 1, activation: 'gelu' } as const;
  return conv1x1(scope.at('conv3'), depthwise(scope.at('conv2'), wide, options), channels);
}
