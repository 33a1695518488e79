/** Weights in 8 bits: symmetric, a factor for each output channel. */

/** Each value is `values[i] * scale[channel of i]`; exactly, in f32, for scales that `quantise` made. */
export interface Quantised {
  /** -127 to 127 */
  readonly values: Int8Array<ArrayBuffer>;
  readonly scale: Float32Array<ArrayBuffer>;
}

const STEPS = 127;
/** Adding and taking it away again rounds a double of moderate size to a whole number, ties to even. */
const ROUNDING = 1.5 * 2 ** 52;
/** Channels without a larger value count as zeros. */
const SMALLEST = 2 ** -100;

/**
 * Rounds to nearest, ties to even. A channel's scale is its largest magnitude / 127 in 17 bits, so that every product
 * is an f32: quantising what was quantised changes nothing. A channel of zeros has scale 1.
 *
 * @param channels of an array [any, channels, inner]
 */
export function quantise(values: Float32Array, channels: number, inner: number): Quantised {
  const scale = new Float32Array(channels);
  forEachChannel(values.length, channels, inner, (channel, from, to) => {
    let largest = scale[channel] ?? 0;
    for (let i = from; i < to; i++) {
      const magnitude = Math.abs(values[i] ?? 0);
      if (magnitude > largest) largest = magnitude;
    }
    scale[channel] = largest;
  });
  const bits = new Uint32Array(scale.buffer);
  for (let channel = 0; channel < channels; channel++) {
    const largest = scale[channel] ?? 0;
    scale[channel] = largest < SMALLEST ? 1 : largest / STEPS;
    const exact = bits[channel] ?? 0;
    bits[channel] = (exact + 0x3f + ((exact >>> 7) & 1)) & ~0x7f;
  }
  const result = new Int8Array(values.length);
  forEachChannel(values.length, channels, inner, (channel, from, to) => {
    const step = scale[channel] ?? 1;
    for (let i = from; i < to; i++) result[i] = (values[i] ?? 0) / step + ROUNDING - ROUNDING;
  });
  return { values: result, scale };
}

/** The values of an array [any, channels, inner]. */
export function dequantise({ values, scale }: Quantised, inner: number): Float32Array {
  const result = new Float32Array(values.length);
  forEachChannel(values.length, scale.length, inner, (channel, from, to) => {
    const step = scale[channel] ?? 1;
    for (let i = from; i < to; i++) result[i] = (values[i] ?? 0) * step;
  });
  return result;
}

/** Calls `visit` with every run of values of one channel. */
function forEachChannel(
  length: number,
  channels: number,
  inner: number,
  visit: (channel: number, from: number, to: number) => void,
): void {
  for (let from = 0, channel = 0; from < length; from += inner) {
    visit(channel, from, from + inner);
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
}

/** Matrices with fewer outputs, or fewer values an output, are not worth a scale. */
const WORTH = 16;

/** How a tensor of a q8 file is divided into output channels; undefined for one that stays f16. */
export function channelsOf(
  name: string,
  shape: readonly number[],
): { readonly channels: number; readonly inner: number } | undefined {
  // The prompt encoder's are read by kernels of their own, not by products.
  if (shape.length < 2 || !name.endsWith('.weight') || name.startsWith('prompt_encoder.')) return undefined;
  const { channels, inner, outer } = outputAxis(name, shape);
  return channels >= WORTH && outer * inner >= WORTH ? { channels, inner } : undefined;
}

/** A tensor as [outer, output channels, inner]: PyTorch keeps outputs first, but for transposed convolutions. */
export function outputAxis(name: string, [first = 1, ...rest]: readonly number[]) {
  const product = (sides: readonly number[]) => sides.reduce((size, side) => size * side, 1);
  return /output_upscaling\.\d+\.weight$/.test(name)
    ? { outer: first, channels: rest[0] ?? 1, inner: product(rest.slice(1)) }
    : { outer: 1, channels: first, inner: product(rest) };
}
