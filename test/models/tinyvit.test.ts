import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { MAX_BINDING_BYTES, type Tensor } from '../../src/graph/tensor.ts';
import { tinyVitBlock } from '../../src/models/tinyvit/block.ts';
import { mbConv, patchMerging } from '../../src/models/tinyvit/convolutions.ts';
import { tinyVitEncoder } from '../../src/models/tinyvit/encoder.ts';
import { depthwise as depthwiseConv } from '../../src/nn/conv.ts';
import { channelRanges, linearInputs, linearOutputs } from '../../src/nn/linear.ts';
import { Scope } from '../../src/nn/scope.ts';
import { add } from '../../src/ops/add.ts';
import type { TinyViTConfig } from '../../src/weights/config.ts';
import { tinyViT } from '../../src/weights/layout-vit.ts';
import { randomValues, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from '../ops/definitions.ts';
import { runGraph } from '../run-graph.ts';
import { adapter64, add64, gelu64, neck64, type Values, Weights64, weightOf } from './definitions.ts';

/** f32 through two norms, products of up to 1280 terms, and a GELU whose erf is good to 1.5e-7. */
const BLOCK = 3e-6;

/** Attention of one window as tiny_vit_sam.py has it: the norm sees the padding, q, k and v lie head by head. */
function windowAttention64(attn: Weights64, tokens: Values, channels: number, heads: number, window: number) {
  const headDim = channels / heads;
  const qkv = attn.linear('qkv', attn.norm('norm', tokens, channels, 1e-5), channels, 3 * channels);
  const biases = attn.get('attention_biases', heads, window * window);
  const count = window * window;
  const value = (token: number, head: number, part: number, c: number) =>
    at(qkv, token * 3 * channels + head * 3 * headDim + part * headDim + c);
  const result = new Float64Array(count * channels);
  for (let head = 0; head < heads; head++)
    for (let t = 0; t < count; t++) {
      const weights = Array.from({ length: count }, (_, u) => {
        let sum = 0;
        for (let c = 0; c < headDim; c++) sum += value(t, head, 0, c) * value(u, head, 1, c);
        const dy = Math.abs(Math.floor(t / window) - Math.floor(u / window));
        const dx = Math.abs((t % window) - (u % window));
        return Math.exp(sum / Math.sqrt(headDim) + at(biases, head * count + dy * window + dx));
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let c = 0; c < headDim; c++)
        result[t * channels + head * headDim + c] =
          weights.reduce((sum, weight, u) => sum + weight * value(u, head, 2, c), 0) / total;
    }
  return attn.linear('proj', result, channels, channels);
}

interface Block {
  readonly side: number;
  readonly channels: number;
  readonly heads: number;
  readonly window: number;
}

function block64(weights: Weights64, x: Values, { side, channels, heads, window }: Block): Float64Array {
  const y = Float64Array.from(x);
  for (let top = 0; top < side; top += window)
    for (let left = 0; left < side; left += window) {
      const cells = Array.from({ length: window * window }, (_, u) => {
        const [row, col] = [top + Math.floor(u / window), left + (u % window)];
        return row < side && col < side ? row * side + col : undefined;
      });
      // Padding tokens are zeros before the norm.
      const tokens = new Float64Array(window * window * channels);
      cells.forEach((cell, u) => {
        if (cell !== undefined)
          for (let c = 0; c < channels; c++) tokens[u * channels + c] = at(x, cell * channels + c);
      });
      const attended = windowAttention64(weights.at('attn'), tokens, channels, heads, window);
      cells.forEach((cell, u) => {
        if (cell !== undefined)
          for (let c = 0; c < channels; c++)
            y[cell * channels + c] = at(y, cell * channels + c) + at(attended, u * channels + c);
      });
    }
  const local = weights.conv('local_conv', y, { ...depthwise, side, inputs: channels, outputs: channels });
  const mlp = weights.at('mlp');
  const hidden = gelu64(mlp.linear('fc1', mlp.norm('norm', local, channels, 1e-5), channels, 4 * channels));
  return add64(local, mlp.linear('fc2', hidden, 4 * channels, channels));
}

const depthwise = { kernel: 3, stride: 1, padding: 1, depthwise: true } as const;
const pointwise = { kernel: 1, stride: 1, padding: 0 } as const;

function mbConv64(weights: Weights64, x: Values, side: number, channels: number): Float64Array {
  const wide = { side, inputs: 4 * channels, outputs: 4 * channels };
  const first = gelu64(weights.conv('conv1', x, { ...wide, ...pointwise, inputs: channels }));
  const second = gelu64(weights.conv('conv2', first, { ...wide, ...depthwise }));
  return gelu64(add64(weights.conv('conv3', second, { ...wide, ...pointwise, outputs: channels }), x));
}

function merging64(
  weights: Weights64,
  x: Values,
  [side, inputs, outputs]: readonly [number, number, number],
  stride: number,
): Float64Array {
  const first = gelu64(weights.conv('conv1', x, { side, inputs, outputs, ...pointwise }));
  const second = gelu64(
    weights.conv('conv2', first, { side, inputs: outputs, outputs, ...depthwise, stride }),
  );
  return weights.conv('conv3', second, { side: side / stride, inputs: outputs, outputs, ...pointwise });
}

const report = (name: string, actual: Values | undefined, expected: Values, limit: number) => {
  const error = relativeError(actual ?? [], expected);
  console.log(`${name}: ${error.toExponential(1)}`);
  expect(error).toBeLessThan(limit);
};

describe('a block of TinyViT equals its definition', () => {
  for (const [name, each] of Object.entries<Block>({
    'windows that stick out of the map': { channels: 16, heads: 2, side: 5, window: 3 },
    'windows that fit': { channels: 16, heads: 2, side: 6, window: 3 },
    'one window, as large as the map': { channels: 16, heads: 4, side: 4, window: 4 },
    'layer 1': { channels: 128, heads: 4, side: 8, window: 7 },
    'layer 2': { channels: 160, heads: 5, side: 4, window: 14 },
    'layer 3': { channels: 320, heads: 10, side: 4, window: 7 },
  }))
    gpuTest(name, async (gpu) => {
      const { side, channels } = each;
      const x = randomValues(side * side * channels, 1);
      const [y] = await runGraph(
        gpu,
        (g, feed) => tinyVitBlock(new Scope(g, 'block'), feed('x', [side, side, channels], x), each),
        {},
        weightOf,
      );
      report(name, y, block64(new Weights64('block'), x, each), BLOCK);
    });

  gpuTest('MBConv', async (gpu) => {
    const [side, channels] = [5, 64];
    const x = randomValues(side * side * channels, 1);
    const [y] = await runGraph(
      gpu,
      (g, feed) => mbConv(new Scope(g, 'block'), feed('x', [side, side, channels], x)),
      {},
      weightOf,
    );
    report('MBConv', y, mbConv64(new Weights64('block'), x, side, channels), BLOCK);
  });

  for (const stride of [1, 2] as const)
    gpuTest(`PatchMerging, stride ${stride}`, async (gpu) => {
      const [side, inputs, outputs] = [6, 16, 20];
      const x = randomValues(side * side * inputs, 1);
      const [y] = await runGraph(
        gpu,
        (g, feed) => patchMerging(new Scope(g, 'down'), feed('x', [side, side, inputs], x), outputs, stride),
        {},
        weightOf,
      );
      report('PatchMerging', y, merging64(new Weights64('down'), x, [side, inputs, outputs], stride), BLOCK);
    });
});

describe('the whole encoder', () => {
  gpuTest('equals its definition, with adapters', async (gpu) => {
    const S = 64;
    const config: TinyViTConfig = {
      kind: 'tinyvit',
      embedDims: [16, 16, 32, 16],
      depths: [1, 2, 1, 1],
      numHeads: [1, 2, 4, 2],
      windows: [3, 3, 4, 3],
    };
    const blocks = [1, 2, 3].flatMap((l) =>
      Array.from({ length: config.depths[l] ?? 0 }, (_, i) => `image_encoder.layers.${l}.blocks.${i}`),
    );
    const image = randomValues(S * S * 4, 1).map((value, i) => (i % 4 === 3 ? 0 : value));
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const input = feed('image', [S, S, 4], image);
        const { embedding, levels } = tinyVitEncoder(new Scope(g), input, config, { hidden: 8, blocks });
        return [embedding, ...levels];
      },
      {},
      weightOf,
    );

    const weights = new Weights64('image_encoder');
    const rgb = Float64Array.from({ length: S * S * 3 }, (_, i) =>
      at(image, Math.floor(i / 3) * 4 + (i % 3)),
    );
    const halving = { kernel: 3, stride: 2, padding: 1 } as const;
    const stem = weights.at('patch_embed');
    const half = gelu64(stem.conv('seq.0', rgb, { side: S, inputs: 3, outputs: 8, ...halving }));
    let x = stem.conv('seq.2', half, { side: S / 2, inputs: 8, outputs: 16, ...halving });
    let side = S / 4;
    const outputs: Float64Array[] = [];
    config.depths.forEach((depth, l) => {
      const layer = weights.at(`layers.${l}`);
      const channels = config.embedDims[l] ?? 0;
      for (let i = 0; i < depth; i++) {
        const block = layer.at(`blocks.${i}`);
        const [heads, window] = [config.numHeads[l] ?? 0, config.windows[l] ?? 0];
        if (l === 0) x = mbConv64(block, x, side, channels);
        else x = block64(block, adapter64(block, x, channels, 8), { side, channels, heads, window });
      }
      const next = config.embedDims[l + 1];
      if (next !== undefined) {
        const stride = l === 2 ? 1 : 2;
        x = merging64(layer.at('downsample'), x, [side, channels, next], stride);
        side /= stride;
      }
      outputs.push(x);
    });
    const expected = [neck64(weights.at('neck'), x, side, 16), outputs[3] ?? [], outputs[2] ?? []];
    expected.forEach((want, i) => {
      report(['embedding', 'last layer', 'layer before'][i] ?? '', results[i], want, 1e-5);
    });
  });

  gpuTest('MBConv in parts is the same layer', async (gpu) => {
    const [rows, channels] = [25, 64];
    expect(channelRanges(rows, 4 * channels)).toHaveLength(1);
    expect(channelRanges(512 * 512, 4 * channels).map(({ start, count }) => [start, count])).toEqual([
      [0, 128],
      [128, 128],
    ]);
    // 3 parts of 5120 channels would not be whole vec4s.
    expect(channelRanges(128 * 128, 5120).map(({ count }) => count)).toEqual([1280, 1280, 1280, 1280]);
    const x = randomValues(rows * channels, 1);
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const scope = new Scope(g, 'block');
        const input = feed('x', [5, 5, channels], x);
        const parts = [0, 96].map((start, i) => {
          const range = { start, count: [96, 160][i] ?? 0, of: 256, conv: true };
          const wide = linearOutputs(scope.at('conv1'), input, range, { activation: 'gelu' });
          const options = { kernel: 3, stride: 1, padding: 1, activation: 'gelu' } as const;
          const mixed = depthwiseConv(scope.at('conv2'), wide, options, range);
          return linearInputs(scope.at('conv3'), mixed, range, channels, { bias: start === 0 });
        }) as [Tensor, Tensor];
        return add(g, add(g, ...parts), input, { activation: 'gelu' });
      },
      {},
      weightOf,
    );
    report('MBConv in parts', y, mbConv64(new Weights64('block'), x, 5, channels), BLOCK);
  });

  it.each([256, 1024, 2048])('fits the default bindings at S = %i', (S) => {
    const g = new Graph('encode');
    g.output(tinyVitEncoder(new Scope(g), g.external('image', [S, S, 4]), tinyViT).embedding);
    const { largestBytes, peakBytes } = plan(g.finish());
    console.log(`TinyViT at ${S}: peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB`);
    expect(largestBytes).toBeLessThanOrEqual(MAX_BINDING_BYTES);
  });
});
