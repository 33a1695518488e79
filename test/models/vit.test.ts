import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { bytesOf, MAX_BINDING_BYTES } from '../../src/graph/tensor.ts';
import { vitBlock } from '../../src/models/vit/block.ts';
import { vitEncoder } from '../../src/models/vit/encoder.ts';
import { Scope } from '../../src/nn/scope.ts';
import type { ViTConfig } from '../../src/weights/config.ts';
import { randomValues, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from '../ops/definitions.ts';
import { attendWindows } from '../ops/window-definition.ts';
import { runGraph } from '../run-graph.ts';
import {
  adapter64,
  add64,
  gelu64,
  linearTap,
  neck64,
  type Values,
  Weights64,
  weightOf,
} from './definitions.ts';

/** f32 through two norms, products of up to 5120 terms, and a GELU whose erf is good to 1.5e-7. */
const BLOCK = 3e-6;

interface Block {
  readonly side: number;
  readonly channels: number;
  readonly heads: number;
  /** 0 = global. */
  readonly window: number;
  readonly relativeRows: number;
}

/** get_rel_pos: the stored rows, interpolated linearly to 2 side - 1. */
function table64(stored: Values, rows: number, reach: number, channels: number): Float64Array {
  const wanted = 2 * reach - 1;
  const result = new Float64Array(wanted * channels);
  for (let i = 0; i < wanted; i++) {
    const [low, high, share] = linearTap(i, rows, wanted);
    for (let c = 0; c < channels; c++)
      result[i * channels + c] =
        (1 - share) * at(stored, low * channels + c) + share * at(stored, high * channels + c);
  }
  return result;
}

/** The block as image_encoder.py writes it: norm, windows with zero padding, attention with both terms, MLP. */
function block64(weights: Weights64, x: Values, each: Block): Float64Array {
  const { side, channels, heads, window, relativeRows } = each;
  const headDim = channels / heads;
  const attn = weights.at('attn');
  const qkv = attn.linear('qkv', weights.norm('norm1', x, channels, 1e-6), channels, 3 * channels);
  const reach = window || side;
  const [relH, relW] = ['rel_pos_h', 'rel_pos_w'].map((name) =>
    table64(attn.get(name, relativeRows, headDim), relativeRows, reach, headDim),
  ) as [Float64Array, Float64Array];
  const term = (query: readonly number[], table: Values, row: number) =>
    query.reduce((sum, value, c) => sum + value * at(table, row * headDim + c), 0);
  const attended = attendWindows(
    qkv,
    attn.get('qkv.bias', 3 * channels),
    { map: [side, side], window: [reach, reach], heads, headDim },
    (_, query, dy, dx) => term(query, relH, dy + reach - 1) + term(query, relW, dx + reach - 1),
  );
  const y = add64(x, attn.linear('proj', attended, channels, channels));
  const mlp = weights.at('mlp');
  const hidden = gelu64(mlp.linear('lin1', weights.norm('norm2', y, channels, 1e-6), channels, 4 * channels));
  return add64(y, mlp.linear('lin2', hidden, 4 * channels, channels));
}

describe('a block of SAM ViT equals its definition', () => {
  const small = { channels: 16, heads: 2, side: 6 };
  for (const [name, each] of Object.entries<Block>({
    'windows that stick out of the map': { ...small, window: 4, relativeRows: 7 },
    'windows that fit': { ...small, window: 3, relativeRows: 5 },
    'global, the table as it is': { ...small, window: 0, relativeRows: 11 },
    'global, the table made shorter': { ...small, window: 0, relativeRows: 31 },
    'global, the table made longer': { ...small, window: 0, relativeRows: 7 },
    'ViT-B, windowed': { channels: 768, heads: 12, side: 3, window: 14, relativeRows: 27 },
    'ViT-B, global': { channels: 768, heads: 12, side: 3, window: 0, relativeRows: 127 },
    'ViT-L, windowed': { channels: 1024, heads: 16, side: 3, window: 14, relativeRows: 27 },
    'ViT-L, global': { channels: 1024, heads: 16, side: 3, window: 0, relativeRows: 127 },
    'ViT-H, windowed': { channels: 1280, heads: 16, side: 3, window: 14, relativeRows: 27 },
    'ViT-H, global': { channels: 1280, heads: 16, side: 3, window: 0, relativeRows: 127 },
  }))
    gpuTest(name, async (gpu) => {
      const { side, channels } = each;
      const x = randomValues(side * side * channels, 1);
      const [y] = await runGraph(
        gpu,
        (g, feed) => vitBlock(new Scope(g, 'block'), feed('x', [side, side, channels], x), each),
        {},
        weightOf,
      );
      const error = relativeError(y ?? [], block64(new Weights64('block'), x, each));
      console.log(`${name}: ${error.toExponential(1)}`);
      expect(error).toBeLessThan(BLOCK);
    });
});

describe('the whole encoder', () => {
  const config: ViTConfig = {
    kind: 'vit',
    embedDim: 16,
    depth: 3,
    numHeads: 2,
    globalBlocks: [1],
    window: 3,
    tableSize: 6,
  };

  gpuTest('equals its definition, with adapters and a position table of another size', async (gpu) => {
    const [S, side, channels] = [64, 4, 16];
    const adapters = { hidden: 8, blocks: [1, 2].map((i) => `image_encoder.blocks.${i}`) };
    const image = randomValues(S * S * 4, 1).map((value, i) => (i % 4 === 3 ? 0 : value));
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const { embedding, levels } = vitEncoder(
          new Scope(g),
          feed('image', [S, S, 4], image),
          config,
          adapters,
        );
        return [embedding, ...levels];
      },
      {},
      weightOf,
    );

    const weights = new Weights64('image_encoder');
    const rgb = Float64Array.from({ length: S * S * 3 }, (_, i) =>
      at(image, Math.floor(i / 3) * 4 + (i % 3)),
    );
    const patch = { side: S, inputs: 3, outputs: channels, kernel: 16, stride: 16, padding: 0 };
    let x = weights.conv('patch_embed.proj', rgb, patch);
    const positions = weights.get('pos_embed', 1, 6, 6, channels);
    for (let i = 0; i < side * side; i++) {
      const [top, bottom, down] = linearTap(Math.floor(i / side), 6, side);
      const [left, right, along] = linearTap(i % side, 6, side);
      for (let c = 0; c < channels; c++) {
        const cell = (row: number, col: number) => at(positions, (row * 6 + col) * channels + c);
        const upper = (1 - along) * cell(top, left) + along * cell(top, right);
        const lower = (1 - along) * cell(bottom, left) + along * cell(bottom, right);
        x[i * channels + c] = at(x, i * channels + c) + (1 - down) * upper + down * lower;
      }
    }
    const outputs: Float64Array[] = [];
    for (let i = 0; i < config.depth; i++) {
      const block = weights.at(`blocks.${i}`);
      if (i > 0) x = adapter64(block, x, channels, 8);
      const global = config.globalBlocks.includes(i);
      const windows = { window: global ? 0 : 3, relativeRows: global ? 11 : 5 };
      x = block64(block, x, { side, channels, heads: 2, ...windows });
      outputs.push(x);
    }
    const expected = [neck64(weights.at('neck'), x, side, channels), outputs[2], outputs[1]];
    const errors = expected.map((want, i) => relativeError(results[i] ?? [], want ?? []));
    console.log(`embedding, last block, block before: ${errors.map((e) => e.toExponential(1))}`);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });

  const sizes = { B: [768, 12, 12], L: [1024, 24, 16], H: [1280, 32, 16] } as const;
  for (const [size, [embedDim, depth, numHeads]] of Object.entries(sizes))
    it.each([256, 1024, 2048])(`ViT-${size} fits the default bindings at S = %i`, (S) => {
      const g = new Graph('encode');
      const globalBlocks = [1, 2, 3, 4].map((i) => (i * depth) / 4 - 1);
      const whole = { ...config, embedDim, depth, numHeads, globalBlocks, window: 14, tableSize: 64 };
      const { embedding } = vitEncoder(new Scope(g), g.external('image', [S, S, 4]), whole);
      g.output(embedding);
      const recording = g.finish();
      const { largestBytes, peakBytes } = plan(recording);
      console.log(`ViT-${size} at ${S}: peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB`);
      expect(largestBytes).toBeLessThanOrEqual(MAX_BINDING_BYTES);
      for (const { tensor } of recording.parameters)
        expect(bytesOf(tensor)).toBeLessThanOrEqual(MAX_BINDING_BYTES);
    });
});
