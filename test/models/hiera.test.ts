import { describe, expect } from 'vitest';
import { hieraBlock } from '../../src/models/hiera/block.ts';
import { Scope } from '../../src/nn/scope.ts';
import { randomValues, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from '../ops/definitions.ts';
import { runGraph } from '../run-graph.ts';
import { add64, gelu64, type Values, Weights64, weightOf } from './definitions.ts';

/** f32 through two norms, products of up to 4608 terms, and a GELU whose erf is good to 1.5e-7. */
const BLOCK = 3e-6;

interface Block {
  readonly side: number;
  readonly inputs: number;
  readonly channels: number;
  readonly heads: number;
  /** Of the map that enters; 0 = global. */
  readonly window: number;
  readonly pool: boolean;
}

/** nn.MaxPool2d(2, 2) on a square map whose side is even. */
function pooled64(x: Values, side: number, channels: number): Float64Array {
  return Float64Array.from({ length: x.length / 4 }, (_, i) => {
    const [row, col] = [Math.floor(i / channels / (side / 2)), Math.floor(i / channels) % (side / 2)];
    const cell = (dy: number, dx: number) =>
      at(x, ((2 * row + dy) * side + 2 * col + dx) * channels + (i % channels));
    return Math.max(cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1));
  });
}

/**
 * MultiScaleAttention between window_partition and window_unpartition: the normed map is padded with zeros to whole
 * windows, so that a padding token projects to the bias; with `pool`, queries are the largest of each 2 x 2.
 */
function attended64(attn: Weights64, normed: Values, { side, inputs, channels, heads, window, pool }: Block) {
  const reach = window || side;
  const padded = Math.ceil(side / reach) * reach;
  const grid = new Float64Array(padded * padded * inputs);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < inputs; c++)
        grid[(y * padded + x) * inputs + c] = at(normed, (y * side + x) * inputs + c);
  const qkv = attn.linear('qkv', grid, inputs, 3 * channels);
  const part = (which: number) =>
    Float64Array.from({ length: padded * padded * channels }, (_, i) =>
      at(qkv, Math.floor(i / channels) * 3 * channels + which * channels + (i % channels)),
    );
  const [q, k, v] = [pool ? pooled64(part(0), padded, channels) : part(0), part(1), part(2)];
  const shrink = pool ? 2 : 1;
  const out = side / shrink;
  const dim = channels / heads;
  const result = new Float64Array(out * out * channels);
  for (let y = 0; y < out; y++)
    for (let x = 0; x < out; x++) {
      const [top, left] = [y, x].map((n) => Math.floor((n * shrink) / reach) * reach) as [number, number];
      for (let head = 0; head < channels; head += dim) {
        const query = (y * (padded / shrink) + x) * channels + head;
        const keys = Array.from(
          { length: reach * reach },
          (_, u) => ((top + Math.floor(u / reach)) * padded + left + (u % reach)) * channels + head,
        );
        const shares = keys.map((key) => {
          let sum = 0;
          for (let c = 0; c < dim; c++) sum += at(q, query + c) * at(k, key + c);
          return Math.exp(sum / Math.sqrt(dim));
        });
        const total = shares.reduce((sum, share) => sum + share, 0);
        for (let c = 0; c < dim; c++)
          result[(y * out + x) * channels + head + c] =
            keys.reduce((sum, key, u) => sum + at(shares, u) * at(v, key + c), 0) / total;
      }
    }
  return attn.linear('proj', result, channels, channels);
}

/** hieradet.py, MultiScaleBlock. */
function block64(weights: Weights64, x: Values, each: Block): Float64Array {
  const { side, inputs, channels, pool } = each;
  const normed = weights.norm('norm1', x, inputs, 1e-6);
  const shortcut = pool ? pooled64(weights.linear('proj', normed, inputs, channels), side, channels) : x;
  const y = add64(shortcut, attended64(weights.at('attn'), normed, each));
  const mlp = weights.at('mlp');
  const hidden = gelu64(
    mlp.linear('layers.0', weights.norm('norm2', y, channels, 1e-6), channels, 4 * channels),
  );
  return add64(y, mlp.linear('layers.1', hidden, 4 * channels, channels));
}

const windowed = (channels: number, heads: number, window: number, side = 3): Block => ({
  side,
  inputs: channels,
  channels,
  heads,
  window,
  pool: false,
});
const pooled = (channels: number, heads: number, window: number, side = 4): Block => ({
  ...windowed(channels, heads, window, side),
  inputs: channels / 2,
  pool: true,
});

describe('a block of Hiera equals its definition', () => {
  for (const [name, each] of Object.entries<Block>({
    'windows that stick out of the map': windowed(16, 2, 4, 6),
    'windows that fit': windowed(16, 2, 3, 6),
    global: windowed(16, 2, 0, 6),
    'pooled, windows that stick out': pooled(16, 2, 4, 6),
    'pooled, windows that fit': pooled(16, 2, 4, 8),
    'tiny and small, first stage': windowed(96, 1, 8, 6),
    'tiny and small, to the second stage': pooled(192, 2, 8),
    'tiny and small, third stage': windowed(384, 4, 14),
    'tiny and small, global': windowed(384, 4, 0),
    'tiny and small, to the last stage': pooled(768, 8, 14),
    'tiny and small, last stage': windowed(768, 8, 7),
    'base+, first stage': windowed(112, 2, 8, 6),
    'base+, to the third stage': pooled(448, 8, 4),
    'base+, third stage': windowed(448, 8, 14),
    'base+, global': windowed(448, 8, 0),
    'base+, to the last stage': pooled(896, 16, 14),
    'large, first stage': windowed(144, 2, 8, 6),
    'large, to the second stage': pooled(288, 4, 8),
    'large, third stage': windowed(576, 8, 16),
    'large, global': windowed(576, 8, 0),
    'large, to the last stage': pooled(1152, 16, 16),
    'large, last stage': windowed(1152, 16, 8),
  }))
    gpuTest(name, async (gpu) => {
      const { side, inputs } = each;
      const x = randomValues(side * side * inputs, 1);
      const [y] = await runGraph(
        gpu,
        (g, feed) => hieraBlock(new Scope(g, 'block'), feed('x', [side, side, inputs], x), each),
        {},
        weightOf,
      );
      const error = relativeError(y ?? [], block64(new Weights64('block'), x, each));
      console.log(`${name}: ${error.toExponential(1)}`);
      expect(error).toBeLessThan(BLOCK);
    });
});
