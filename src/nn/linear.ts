import { columnsOf, MAX_BINDING_BYTES, type Tensor } from '../graph/tensor.ts';
import { concatRows } from '../ops/copy-rows.ts';
import { type MatmulEpilogue, matmul } from '../ops/matmul.ts';
import { concat, packTaps, type Scope, transpose } from './scope.ts';

export interface LinearOptions extends Omit<MatmulEpilogue, 'bias'> {
  /** Whether the checkpoint has a bias; true by default. */
  readonly bias?: boolean;
}

/** nn.Linear: `x Wᵀ + b`, then the epilogue. x [..., in] to [..., cols]. */
export function linear(scope: Scope, x: Tensor, cols: number, options: LinearOptions = {}): Tensor {
  return affine(scope, x, cols, [cols, columnsOf(x)], options);
}

/** Some of a layer's channels: those from `start` on of `of` that the checkpoint knows. */
export interface ChannelRange {
  readonly start: number;
  readonly count: number;
  readonly of: number;
  /** A 1 x 1 convolution, whose weights are stored as [out, in, 1, 1]. */
  readonly conv?: boolean;
}

/** All channels in as few equal parts, of whole vec4s, as fit a binding for a map of `rows` tokens. */
export function channelRanges(rows: number, channels: number): ChannelRange[] {
  let parts = Math.ceil((rows * channels * 4) / MAX_BINDING_BYTES);
  while (channels % (4 * parts) !== 0) parts += 1;
  const count = channels / parts;
  return Array.from({ length: parts }, (_, part) => ({ start: part * count, count, of: channels }));
}

const storedShape = (outputs: number, inputs: number, conv = false) =>
  conv ? [outputs, inputs, 1, 1] : [outputs, inputs];

/** What of nn.Linear computes some of its outputs from `inner` inputs, and what their tensor is called. */
export function outputRange(scope: Scope, inner: number, range: ChannelRange) {
  const { start, count, of, conv } = range;
  const suffix = `[${start}:${start + count}]`;
  const weight = scope.matrix(
    `weight${suffix}`,
    [inner, count],
    [scope.source('weight', storedShape(of, inner, conv))],
    (values) => transpose(values.subarray(start * inner, (start + count) * inner), count, inner),
  );
  return { weight, bias: biasRange(scope, range), name: `${scope.path}${suffix}` };
}

/** The part of nn.Linear that computes some of its outputs: [..., in] to [..., count]. */
export function linearOutputs(
  scope: Scope,
  x: Tensor,
  range: ChannelRange,
  options: Omit<LinearOptions, 'bias'> = {},
): Tensor {
  const { weight, bias, name } = outputRange(scope, columnsOf(x), range);
  return matmul(scope.graph, x, weight, { name, ...options, bias });
}

/** What some of nn.Linear's inputs, x [..., count], contribute to its outputs: [..., cols]. */
export function linearInputs(
  scope: Scope,
  x: Tensor,
  { start, count, of, conv }: ChannelRange,
  cols: number,
  { bias = true, ...options }: LinearOptions = {},
): Tensor {
  const weight = scope.matrix(
    `weight[:,${start}:${start + count}]`,
    [count, cols],
    [scope.source('weight', storedShape(cols, of, conv))],
    (values) => transpose(values, cols, of).slice(start * cols, (start + count) * cols),
  );
  const shift = bias ? { bias: scope.tensor('bias', [cols]) } : {};
  return matmul(scope.graph, x, weight, { name: scope.path, ...options, ...shift });
}

/** The bias that belongs to a range of outputs. */
export function biasRange(scope: Scope, { start, count, of }: ChannelRange): Tensor {
  const name = `bias[${start}:${start + count}]`;
  return scope.derived(name, [count], [scope.source('bias', [of])], (values) =>
    values.slice(start, start + count),
  );
}

/** nn.Conv2d with a 1 x 1 kernel: the same product, for weights stored as [out, in, 1, 1]. */
export function conv1x1(scope: Scope, x: Tensor, cols: number, options: LinearOptions = {}): Tensor {
  return affine(scope, x, cols, [cols, columnsOf(x), 1, 1], options);
}

function affine(
  scope: Scope,
  x: Tensor,
  cols: number,
  stored: readonly number[],
  { bias = true, ...options }: LinearOptions,
): Tensor {
  const inner = columnsOf(x);
  const weight = scope.matrix('weight', [inner, cols], [scope.source('weight', stored)], (values) =>
    transpose(values, cols, inner),
  );
  const shift = bias ? { bias: scope.tensor('bias', [cols]) } : {};
  return matmul(scope.graph, x, weight, { name: scope.path, ...options, ...shift });
}

/**
 * nn.ConvTranspose2d, 2 x 2 with stride 2, as a product: [h, w, in] to [h, w, (dy, dx, channels)].
 * Whoever reads it does the pixel shuffle.
 */
export function convTranspose2x2(scope: Scope, x: Tensor, channels: number): Tensor {
  const inner = columnsOf(x);
  const weight = scope.matrix(
    'weight',
    [inner, 4 * channels],
    [scope.source('weight', [inner, channels, 2, 2])],
    (values) => packTaps(values, inner, channels),
  );
  return matmul(scope.graph, x, weight, { bias: fourBiases(scope, channels), name: scope.path });
}

/** The bias once for each tap. Where it is trained there is one of it, or its copies would part. */
function fourBiases(scope: Scope, channels: number): Tensor {
  const source = scope.source('bias', [channels]);
  if (scope.graph.trains([source])) {
    const bias = scope.tensor('bias', [channels]);
    return concatRows(scope.graph, [bias, bias, bias, bias], { name: scope.key('biases') });
  }
  return scope.derived('bias', [4 * channels], [source], (values) => concat(values, values, values, values));
}
