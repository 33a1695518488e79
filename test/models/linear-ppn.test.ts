import { expect } from 'vitest';
import { linearPpn } from '../../src/models/ppn/linear.ts';
import { Scope } from '../../src/nn/scope.ts';
import { randomValues, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from '../ops/definitions.ts';
import { runGraph } from '../run-graph.ts';
import { add64, attention64, linearTap, type Values, Weights64, weightOf } from './definitions.ts';

const CHANNELS = 256;
const EPS = 1e-5;

/** position_encoding.py, PositionEmbeddingSine, normalised: [side * side, 256]. */
function sine64(side: number): Float64Array {
  const table = new Float64Array(side * side * CHANNELS);
  for (let i = 0; i < side * side; i++)
    for (let c = 0; c < CHANNELS; c++) {
      const place = c < CHANNELS / 2 ? Math.floor(i / side) : i % side;
      const channel = c % (CHANNELS / 2);
      const scaled = ((place + 1) / (side + 1e-6)) * 2 * Math.PI;
      const phase = scaled / 10000 ** ((2 * Math.floor(channel / 2)) / (CHANNELS / 2));
      table[i * CHANNELS + c] = channel % 2 === 0 ? Math.sin(phase) : Math.cos(phase);
    }
  return table;
}

const relu = (x: Values) => Float64Array.from(x, (value) => Math.max(value, 0));

gpuTest(
  'the linear predictor equals its definition: one block on the bare embedding, with positions',
  async (gpu) => {
    const [S, side, tokens] = [64, 4, 5];
    const embedding = randomValues(side * side * CHANNELS, 1);
    const queries = randomValues(tokens * CHANNELS, 2);
    const [sparse, mask, box] = await runGraph(
      gpu,
      (g, feed) => {
        const map = feed('embedding', [side, side, CHANNELS], embedding);
        const prompts = linearPpn(new Scope(g), map, feed('queries', [tokens, CHANNELS], queries), S);
        return [prompts.sparse, prompts.interimMask, prompts.box];
      },
      {},
      weightOf,
    );

    const root = new Weights64('prompt_predictor');
    const block = root.at('layers.0');
    const frequencies = root.get('pos_encoding1d.inv_freq', CHANNELS / 2);
    const place = Float64Array.from({ length: tokens * CHANNELS }, (_, i) => {
      const phase = Math.floor(i / CHANNELS) * at(frequencies, (i % CHANNELS) >> 1);
      return i % 2 === 0 ? Math.sin(phase) : Math.cos(phase);
    });
    const norm = (name: string, x: Values) => block.norm(name, x, CHANNELS, EPS);
    const placed = add64(queries, place);
    let state = norm(
      'norm1',
      add64(queries, attention64(block.at('self_attn'), placed, placed, queries, 256)),
    );
    const keys = add64(embedding, sine64(side));
    const toImage = block.at('cross_attn_token_to_image');
    state = norm('norm2', add64(state, attention64(toImage, add64(state, place), keys, embedding, 128)));
    const hidden = relu(block.linear('mlp.layers.0', state, CHANNELS, 2048));
    state = norm('norm3', add64(state, block.linear('mlp.layers.1', hidden, 2048, CHANNELS)));
    const toTokens = block.at('cross_attn_image_to_token');
    const dense = norm(
      'norm4',
      add64(embedding, attention64(toTokens, keys, add64(state, place), state, 128)),
    );

    // The tokens after the two of the box are prompts as they are.
    expect(relativeError((sparse ?? []).slice(2 * CHANNELS), state.slice(2 * CHANNELS))).toBeLessThan(3e-6);

    const head = root.at('mask_classifier');
    const conv = { side, outputs: 64, kernel: 3, stride: 1, padding: 1 };
    const first = relu(head.conv('layers.0', dense, { ...conv, inputs: CHANNELS }));
    const second = relu(head.conv('layers.1', first, { ...conv, inputs: 64 }));
    const low = head.conv('final_conv', second, { ...conv, kernel: 1, padding: 0, inputs: 64, outputs: 1 });
    const large = 4 * side;
    const resized = Float64Array.from({ length: large * large }, (_, i) => {
      const [top, bottom, down] = linearTap(Math.floor(i / large), side, large);
      const [left, right, along] = linearTap(i % large, side, large);
      const line = (row: number) =>
        (1 - along) * at(low, row * side + left) + along * at(low, row * side + right);
      return (1 - down) * line(top) + down * line(bottom);
    });
    expect(relativeError(mask ?? [], resized)).toBeLessThan(3e-6);

    const middle = relu(
      root.linear('box_regression_head.mlp.layers.0', state.slice(0, 2 * CHANNELS), 512, 256),
    );
    const [x = 0, y = 0, w = 0, h = 0] = root
      .linear('box_regression_head.mlp.layers.1', middle, 256, 4)
      .map((value) => 1 / (1 + Math.exp(-value)));
    expect(relativeError(box ?? [], [x, y, x + w, y + h])).toBeLessThan(3e-6);
  },
);
