/** Layers in f64, written from their formulas; maps are [height, width, channels], flat. */
import type { Source } from '../../src/graph/parameter.ts';
import { gelu } from '../ops/definitions.ts';
import { fnv1a32, mix } from '../weights/generated-weights.ts';

export type Values = ArrayLike<number>;

/** A checkpoint that has any tensor it is asked for: matrices that keep the variance, norms around 1, visible biases. */
export function weightOf({ key, shape }: Source): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const inputs = shape.slice(1).reduce((product, length) => product * length, 1);
  const seed = fnv1a32(key);
  const isNorm = /(?:^|\.)(?:norm\d?|neck\.[13])\.weight$/.test(key);
  const scale = key.endsWith('.weight') && !isNorm ? Math.sqrt(3 / inputs) : 0.5;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = (isNorm ? 1 : 0) + scale * (mix(seed, i) * 2 ** -31 - 1);
  return values;
}

/** x [n, inner] times the transpose of w [cols, inner], plus b. */
export function linear64(x: Values, w: Values, b: Values | undefined, cols: number): Float64Array {
  const inner = w.length / cols;
  const rows = x.length / inner;
  const y = new Float64Array(rows * cols);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) {
      let sum = b?.[col] ?? 0;
      for (let i = 0; i < inner; i++) sum += (x[row * inner + i] ?? 0) * (w[col * inner + i] ?? 0);
      y[row * cols + col] = sum;
    }
  return y;
}

/** Every row of x normalised to mean 0 and variance 1, scaled and shifted. */
export function norm64(x: Values, weight: Values, bias: Values, eps: number): Float64Array {
  const cols = weight.length;
  const y = new Float64Array(x.length);
  for (let base = 0; base < x.length; base += cols) {
    let mean = 0;
    for (let c = 0; c < cols; c++) mean += (x[base + c] ?? 0) / cols;
    let variance = 0;
    for (let c = 0; c < cols; c++) variance += ((x[base + c] ?? 0) - mean) ** 2 / cols;
    for (let c = 0; c < cols; c++)
      y[base + c] =
        (((x[base + c] ?? 0) - mean) / Math.sqrt(variance + eps)) * (weight[c] ?? 0) + (bias[c] ?? 0);
  }
  return y;
}

export interface Conv64 {
  readonly side: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** A depthwise convolution has one input a channel. */
  readonly depthwise?: boolean;
}

/** x [side, side, inputs] with w [outputs, inputs or 1, kernel, kernel], as nn.Conv2d. */
export function conv64(x: Values, w: Values, b: Values | undefined, each: Conv64): Float64Array {
  const { side, inputs, outputs, kernel, stride, padding, depthwise = false } = each;
  const out = Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const fan = depthwise ? 1 : inputs;
  const y = new Float64Array(out * out * outputs);
  for (let oy = 0; oy < out; oy++)
    for (let ox = 0; ox < out; ox++)
      for (let o = 0; o < outputs; o++) {
        let sum = b?.[o] ?? 0;
        for (let ky = 0; ky < kernel; ky++)
          for (let kx = 0; kx < kernel; kx++) {
            const [iy, ix] = [oy * stride + ky - padding, ox * stride + kx - padding];
            if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue;
            for (let i = 0; i < fan; i++)
              sum +=
                (x[(iy * side + ix) * inputs + (depthwise ? o : i)] ?? 0) *
                (w[((o * fan + i) * kernel + ky) * kernel + kx] ?? 0);
          }
        y[(oy * out + ox) * outputs + o] = sum;
      }
  return y;
}

export const gelu64 = (x: Values) => Float64Array.from(x, gelu);
export const add64 = (a: Values, b: Values) => Float64Array.from(a, (value, i) => value + (b[i] ?? 0));

/** A checkpoint's tensors by name, below a prefix. */
export class Weights64 {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  at(name: string): Weights64 {
    return new Weights64(`${this.prefix}.${name}`);
  }

  get(name: string, ...shape: number[]): Float32Array {
    return weightOf({ key: `${this.prefix}.${name}`, shape });
  }

  linear(name: string, x: Values, inputs: number, outputs: number): Float64Array {
    const layer = this.at(name);
    return linear64(x, layer.get('weight', outputs, inputs), layer.get('bias', outputs), outputs);
  }

  norm(name: string, x: Values, channels: number, eps: number): Float64Array {
    const layer = this.at(name);
    return norm64(x, layer.get('weight', channels), layer.get('bias', channels), eps);
  }

  conv(name: string, x: Values, each: Conv64, bias = true): Float64Array {
    const layer = this.at(name);
    const { outputs, inputs, kernel, depthwise } = each;
    const weight = layer.get('weight', outputs, depthwise ? 1 : inputs, kernel, kernel);
    return conv64(x, weight, bias ? layer.get('bias', outputs) : undefined, each);
  }
}

/** One axis of PyTorch's linear interpolation, align_corners false: the two inputs of an output and the second's share. */
export function linearTap(i: number, from: number, to: number): [number, number, number] {
  const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
  const low = Math.floor(centre);
  return [low, Math.min(low + 1, from - 1), centre - low];
}

/** SAM's neck. */
export function neck64(weights: Weights64, x: Values, side: number, channels: number): Float64Array {
  const narrow = weights.conv(
    '0',
    x,
    { side, inputs: channels, outputs: 256, kernel: 1, stride: 1, padding: 0 },
    false,
  );
  const normed = weights.norm('1', narrow, 256, 1e-6);
  const mixed = weights.conv(
    '2',
    normed,
    { side, inputs: 256, outputs: 256, kernel: 3, stride: 1, padding: 1 },
    false,
  );
  return weights.norm('3', mixed, 256, 1e-6);
}

/** Sam2Rad's adapter before a block. */
export function adapter64(block: Weights64, x: Values, channels: number, hidden: number): Float64Array {
  const scope = block.at('adapter');
  const middle = gelu64(scope.linear('lin1', x, channels, hidden));
  return add64(x, gelu64(scope.linear('lin2', middle, hidden, channels)));
}

/** SAM's attention with its four projections, all heads and scores at once. q, k and v are [n, 256]. */
export function attention64(weights: Weights64, q: Values, k: Values, v: Values, inner: number, heads = 8) {
  const [channels, dim] = [256, inner / heads];
  const project = (name: string, x: Values) => weights.linear(name, x, channels, inner);
  const [queries, keys, values] = [project('q_proj', q), project('k_proj', k), project('v_proj', v)];
  const result = new Float64Array(queries.length);
  for (let t = 0; t < queries.length; t += inner)
    for (let head = 0; head < inner; head += dim) {
      const shares: number[] = [];
      for (let u = 0; u < keys.length; u += inner) {
        let sum = 0;
        for (let c = head; c < head + dim; c++) sum += (queries[t + c] ?? 0) * (keys[u + c] ?? 0);
        shares.push(Math.exp(sum / Math.sqrt(dim)));
      }
      const total = shares.reduce((sum, share) => sum + share, 0);
      shares.forEach((share, u) => {
        for (let c = head; c < head + dim; c++)
          result[t + c] = (result[t + c] ?? 0) + (share / total) * (values[u * inner + c] ?? 0);
      });
    }
  return weights.linear('out_proj', result, inner, channels);
}
