import { describe, expect, it } from 'vitest';
import { attentionRelpos as kernel } from '../../src/generated/kernels.ts';
import { Graph } from '../../src/graph/graph.ts';
import { attentionBias } from '../../src/ops/attention-bias.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { type Feed, runGraph } from '../run-graph.ts';
import { at, everywhere } from './definitions.ts';
import { attendWindows, type WindowCase } from './window-definition.ts';

/** Scores reach 5; an error in one moves its weight by as much, relatively, and values are at most 1. */
const tolerance = {
  ...sumTolerance(300, 4),
  why: 'three dot products of up to 80 terms a score, weights by exp, sums over the keys',
};

const CASES: Record<string, WindowCase> = {
  'one token': { map: [1, 1], window: [1, 1], heads: 1, headDim: 4 },
  'windows that fit': { map: [8, 6], window: [4, 3], heads: 2, headDim: 8 },
  'windows that stick out below': { map: [7, 8], window: [4, 4], heads: 1, headDim: 16 },
  'windows that stick out on both sides': { map: [5, 7], window: [3, 4], heads: 3, headDim: 4 },
  'a window larger than the map': { map: [4, 5], window: [7, 7], heads: 2, headDim: 32 },
  'the whole map, above a workgroup of 32': { map: [11, 3], window: [11, 3], heads: 1, headDim: 64 },
  "SAM's window, heads of ViT-H": { map: [16, 3], window: [14, 14], heads: 2, headDim: 80 },
};

const values = ({ map, heads, headDim }: WindowCase) => {
  const dim = 3 * heads * headDim;
  return [randomValues(map[0] * map[1] * dim, 1), randomValues(dim, 2)] as const;
};

/** A fused projection whose bias is the padding: its columns, and what every op is told of it. */
function fused(each: WindowCase, feed: Feed) {
  const [qkv, bias] = values(each);
  const dim = each.heads * each.headDim;
  const tensor = feed('qkv', [...each.map, 3 * dim], qkv);
  const pad = { tensor: feed('bias', [3 * dim], bias), k: dim, v: 2 * dim };
  const part = (start: number) => ({ tensor, start });
  return { q: part(0), k: part(dim), v: part(2 * dim), options: { ...each, pad } };
}

describe('attentionRelpos', () => {
  for (const [name, each] of Object.entries(CASES))
    gpuTest(name, async (gpu) => {
      const { window, headDim } = each;
      const [h, w] = [2 * window[0] - 1, 2 * window[1] - 1];
      const [relH, relW] = [randomValues(h * headDim, 3), randomValues(w * headDim, 4)];
      const [y] = await runGraph(gpu, (g, feed) => {
        const { q, k, v, options } = fused(each, feed);
        return attentionRelpos(g, q, k, v, {
          ...options,
          relH: feed('rel_h', [h, headDim], relH),
          relW: feed('rel_w', [w, headDim], relW),
        });
      });
      const term = (query: readonly number[], table: Float32Array, row: number) =>
        query.reduce((sum, value, c) => sum + value * at(table, row * headDim + c), 0);
      const expected = attendWindows(
        ...values(each),
        each,
        (_, query, dy, dx) => term(query, relH, dy + window[0] - 1) + term(query, relW, dx + window[1] - 1),
      );
      expectClose('y', y ?? [], expected, tolerance);
    });

  it('is recorded in parts where one dispatch would run long, all heads once', () => {
    const record = (side: number, cpu: boolean, variant = 'lane') => {
      const g = new Graph('test', { subgroups: false, cpu, tuned: everywhere(variant) });
      const [heads, headDim] = [12, 64];
      const part = (start: number) => ({ tensor: qkv, start });
      const qkv = g.tensor('qkv', [side * side, 3 * heads * headDim]);
      const relH = g.tensor('rel', [2 * side - 1, headDim]);
      const options = { heads, headDim, map: [side, side], window: [side, side], relH, relW: relH } as const;
      attentionRelpos(g, part(0), part(768), part(1536), options);
      return g.finish().dispatches;
    };
    const firsts = (side: number, cpu: boolean) =>
      record(side, cpu).map(({ params }) => params['first_head']);
    expect(firsts(16, false)).toEqual([0]);
    expect(firsts(64, false)).toEqual([0, 9]);
    expect(firsts(64, true)).toHaveLength(12);
    expect(firsts(128, false)).toHaveLength(12);
    for (const side of [64, 128]) {
      const dispatches = record(side, false);
      expect(dispatches.reduce((sum, { workgroups }) => sum + workgroups[1], 0)).toBe(12);
      const flops = 12 * side ** 2 * 64 * (4 * side ** 2 + 4 * side);
      expect(dispatches.reduce((sum, each) => sum + each.flops, 0)).toBe(flops);
      const tiles = record(side, false, 'tile 64');
      expect(new Set(tiles.map(({ kernel }) => kernel.name)).size).toBe(2);
      expect(tiles.reduce((sum, each) => sum + each.flops, 0)).toBe(flops);
    }
  });

  gpuTest('in parts it computes the same', async (gpu) => {
    const each = CASES['windows that stick out on both sides'] as WindowCase;
    const { heads, headDim, window } = each;
    const [h, w] = [2 * window[0] - 1, 2 * window[1] - 1];
    const [relH, relW] = [randomValues(h * headDim, 3), randomValues(w * headDim, 4)];
    // The kernel that is recorded in parts below.
    const traits = { tuned: everywhere('lane') };
    const build = (g: Graph, feed: Feed) => {
      const { q, k, v, options } = fused(each, feed);
      const tables = { relH: feed('rel_h', [h, headDim], relH), relW: feed('rel_w', [w, headDim], relW) };
      const y = attentionRelpos(g, q, k, v, { ...options, ...tables });
      const { dispatches } = g.finish();
      const only = dispatches[0];
      if (!only) throw new Error('nothing was recorded');
      const again = g.tensor('again', y.shape);
      const operands = {
        q: q.tensor,
        k: k.tensor,
        v: v.tensor,
        pad: options.pad.tensor,
        rel_h: tables.relH,
        rel_w: tables.relW,
        y: again,
      };
      for (const [first, count] of [
        [0, 1],
        [1, heads - 1],
      ] as const)
        g.record(kernel, operands, { ...only.params, first_head: first } as never, {
          workgroups: [only.workgroups[0], count, only.workgroups[2]],
          tuning: only.tuning,
        });
      return [y, again];
    };
    const [whole, parts] = await runGraph(gpu, build, traits);
    expect(parts).toEqual(whole);
  });

  it('refuses tables of another size and windows that stick out without a pad', () => {
    const g = new Graph('test');
    const columns = { tensor: g.tensor('qkv', [25, 12]), start: 0 };
    const options = { heads: 1, headDim: 4, map: [5, 5], window: [2, 2] } as const;
    const [relH, relW] = [g.tensor('h', [3, 4]), g.tensor('w', [3, 4])];
    expect(() => attentionRelpos(g, columns, columns, columns, { ...options, relH, relW })).toThrow(
      'attentionRelpos: windows [2,2] stick out of [5,5] and there is no pad',
    );
    expect(() =>
      attentionRelpos(g, columns, columns, columns, { ...options, relH: g.tensor('h', [9, 4]), relW }),
    ).toThrow("'h' has shape [9,4], expected [3,4]");
  });
});

describe('attentionBias', () => {
  for (const [name, each] of Object.entries(CASES))
    gpuTest(name, async (gpu) => {
      const { window, heads } = each;
      const cells = window[0] * window[1];
      const table = randomValues(heads * cells, 3).map((value) => 3 * value);
      const [y] = await runGraph(gpu, (g, feed) => {
        const { q, k, v, options } = fused(each, feed);
        return attentionBias(g, q, k, v, { ...options, bias: feed('table', [heads, cells], table) });
      });
      const expected = attendWindows(...values(each), each, (head, _, dy, dx) =>
        at(table, head * cells + Math.abs(dy) * window[1] + Math.abs(dx)),
      );
      expectClose('y', y ?? [], expected, tolerance);
    });

  it('refuses a table of another size', () => {
    const g = new Graph('test');
    const columns = { tensor: g.tensor('qkv', [16, 12]), start: 0 };
    const options = { heads: 1, headDim: 4, map: [4, 4], window: [2, 2] } as const;
    expect(() =>
      attentionBias(g, columns, columns, columns, { ...options, bias: g.tensor('table', [2, 4]) }),
    ).toThrow("attentionBias: 'table' has shape [2,4], expected [1,4]");
  });
});
