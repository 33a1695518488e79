import { describe, expect, it } from 'vitest';
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import { attentionBias } from '../../src/ops/attention-bias.ts';
import { attentionBiasGrad } from '../../src/ops/attention-bias-grad.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { attentionRelposGrad } from '../../src/ops/attention-relpos-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at, everywhere } from './definitions.ts';
import { expectGradient } from './gradient.ts';
import { attendWindows, type WindowCase } from './window-definition.ts';

// Windows of below, at and above a workgroup of 32 tokens; primes; 1.
const CASES: Record<string, WindowCase> = {
  'windows that fit': { map: [4, 6], window: [2, 3], heads: 2, headDim: 8 },
  'windows that stick out below': { map: [5, 4], window: [4, 4], heads: 1, headDim: 8 },
  'windows that stick out on both sides': { map: [5, 7], window: [3, 4], heads: 3, headDim: 4 },
  'a window larger than the map': { map: [2, 3], window: [5, 5], heads: 2, headDim: 8 },
  'the whole map, at a workgroup of 32': { map: [8, 4], window: [8, 4], heads: 1, headDim: 4 },
  'the whole map, above a workgroup of 32': { map: [11, 3], window: [11, 3], heads: 1, headDim: 4 },
  'heads of 80': { map: [2, 2], window: [2, 2], heads: 1, headDim: 80 },
  'tokens that see themselves alone': { map: [2, 2], window: [1, 1], heads: 1, headDim: 4 },
};

const inputs = ({ map, heads, headDim }: WindowCase) => {
  const dim = 3 * heads * headDim;
  return {
    qkv: { shape: [...map, dim], values: randomValues(map[0] * map[1] * dim, 1) },
    pad: { shape: [dim], values: randomValues(dim, 2), frozen: true },
  };
};

function relpos(name: string, each: WindowCase, traits?: Partial<GraphTraits>): void {
  gpuTest(name, async (gpu) => {
    const { window, heads, headDim } = each;
    const dim = heads * headDim;
    const [h, w] = [2 * window[0] - 1, 2 * window[1] - 1];
    await expectGradient(gpu, {
      inputs: {
        ...inputs(each),
        relH: { shape: [h, headDim], values: randomValues(h * headDim, 3), frozen: true },
        relW: { shape: [w, headDim], values: randomValues(w * headDim, 4), frozen: true },
      },
      record: (g, { qkv, pad, relH, relW }) => {
        const part = (start: number) => ({ tensor: qkv, start });
        const options = { ...each, pad: { tensor: pad, k: dim, v: 2 * dim }, relH, relW };
        return attentionRelpos(g, part(0), part(dim), part(2 * dim), options);
      },
      definition: ({ qkv, pad, relH, relW }) => {
        const term = (query: readonly number[], table: Float64Array, row: number) =>
          query.reduce((sum, value, c) => sum + value * at(table, row * headDim + c), 0);
        return attendWindows(
          qkv,
          pad,
          each,
          (_, query, dy, dx) => term(query, relH, dy + window[0] - 1) + term(query, relW, dx + window[1] - 1),
        );
      },
      derivatives: [attentionRelposGrad],
      ...(traits && { traits }),
    });
  });
}

describe('gradient of attentionRelpos', () => {
  for (const [name, each] of Object.entries(CASES)) relpos(name, each);
});

// Heads that a GPU's lane has no registers for: quads whose lanes have as many channels or not, windows as above.
describe('gradient of attentionRelpos, shared by a quad', () => {
  const traits = { cpu: false, subgroups: true, tuned: everywhere('lane') };
  relpos('windows that stick out', { map: [3, 4], window: [2, 3], heads: 2, headDim: 36 }, traits);
  relpos('above a workgroup of 32', { map: [11, 3], window: [11, 3], heads: 1, headDim: 40 }, traits);
  relpos('heads of 80', { map: [2, 2], window: [2, 2], heads: 1, headDim: 80 }, traits);
});

describe('gradient of attentionBias', () => {
  for (const [name, each] of Object.entries(CASES))
    gpuTest(name, async (gpu) => {
      const { window, heads, headDim } = each;
      const [dim, cells] = [heads * headDim, window[0] * window[1]];
      const values = randomValues(heads * cells, 3).map((value) => 3 * value);
      await expectGradient(gpu, {
        inputs: { ...inputs(each), table: { shape: [heads, cells], values, frozen: true } },
        record: (g, { qkv, pad, table }) => {
          const part = (start: number) => ({ tensor: qkv, start });
          const options = { ...each, pad: { tensor: pad, k: dim, v: 2 * dim }, bias: table };
          return attentionBias(g, part(0), part(dim), part(2 * dim), options);
        },
        definition: ({ qkv, pad, table }) =>
          attendWindows(qkv, pad, each, (head, _, dy, dx) =>
            at(table, head * cells + Math.abs(dy) * window[1] + Math.abs(dx)),
          ),
        derivatives: [attentionBiasGrad],
      });
    });

  gpuTest('q, k and v apart, k and v frozen', async (gpu) => {
    const each: WindowCase = { map: [2, 4], window: [2, 2], heads: 1, headDim: 4 };
    const input = (seed: number) => ({ shape: [2, 4, 4], values: randomValues(32, seed) });
    await expectGradient(gpu, {
      inputs: {
        q: input(1),
        k: { ...input(2), frozen: true },
        v: { ...input(3), frozen: true },
        table: { shape: [1, 4], values: randomValues(4, 4), frozen: true },
      },
      record: (g, { q, k, v, table }) => {
        const all = (tensor: typeof q) => ({ tensor, start: 0 });
        return attentionBias(g, all(q), all(k), all(v), { ...each, bias: table });
      },
      definition: ({ q, k, v, table }) => {
        const qkv = Float64Array.from({ length: 96 }, (_, i) => {
          const [token, which] = [Math.floor(i / 12), Math.floor((i % 12) / 4)];
          return at([q, k, v][which] ?? [], token * 4 + (i % 4));
        });
        return attendWindows(qkv, [], each, (_, __, dy, dx) => at(table, Math.abs(dy) * 2 + Math.abs(dx)));
      },
      derivatives: [attentionBiasGrad],
    });
  });

  it('refuses a table that needs a gradient', () => {
    const g = new Graph('test');
    const [qkv, bias] = [g.external('qkv', [4, 12]), g.watch(g.external('table', [1, 4]))];
    const part = (start: number) => ({ tensor: qkv, start });
    const options = { heads: 1, headDim: 4, map: [2, 2], window: [2, 2], bias } as const;
    const y = attentionBias(g, part(0), part(4), part(8), options);
    g.accumulate(y, () => g.external('dy', y.shape));
    expect(() => g.backward([attentionBiasGrad])).toThrow(
      "attentionBias: no gradient flows to 'table': padding and positions must be frozen",
    );
  });
});
