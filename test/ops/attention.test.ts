import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { type AttentionOptions, attention } from '../../src/ops/attention.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { everywhere } from './definitions.ts';

/** softmax(q k' / sqrt(d)) v of one head in f64: all scores at once, as the formula has it. */
function attend(query: number[], keys: number[][], values: number[][]): number[] {
  const scores = keys.map(
    (key) => key.reduce((sum, x, c) => sum + x * (query[c] as number), 0) / Math.sqrt(query.length),
  );
  const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return query.map((_, c) =>
    values.reduce((sum, value, u) => sum + ((weights[u] as number) / total) * (value[c] as number), 0),
  );
}

const row = (data: ArrayLike<number>, at: number, length: number) =>
  Array.from({ length }, (_, c) => data[at + c] as number);
const tolerance = {
  ...sumTolerance(300, 2),
  why: 'dot products of up to 96 terms, weights by exp, sums over the keys',
};

/** Traits choose the kernel: a lane a query on GPUs; on software adapters a lane for 4, or a quad for 16. */
const VARIANTS = [
  ['lane', { cpu: false, tuned: everywhere('lane') }],
  ['block', { cpu: true, subgroups: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

describe.each(VARIANTS)('attention, %s', (_, traits) => {
  for (const [queries, keys, heads, headDim, batch] of [
    [1, 1, 1, 4, 1],
    [3, 7, 2, 16, 1],
    [32, 33, 1, 32, 1],
    [65, 31, 3, 56, 1],
    [17, 8, 2, 32, 1],
    [10, 257, 8, 16, 2],
    [9, 5, 2, 96, 3],
  ] as const)
    gpuTest(`${batch} x ${queries} queries, ${keys} keys, ${heads} heads of ${headDim}`, async (gpu) => {
      const dim = heads * headDim;
      const q = randomValues(batch * queries * dim, 1).map((v) => v * 3);
      const [k, v] = [randomValues(batch * keys * dim, 2), randomValues(batch * keys * dim, 3)];
      const [y] = await runGraph(
        gpu,
        (g, feed) =>
          attention(
            g,
            { tensor: feed('q', [batch, queries, dim], q), start: 0 },
            { tensor: feed('k', [batch, keys, dim], k), start: 0 },
            { tensor: feed('v', [batch, keys, dim], v), start: 0 },
            { heads, headDim, batch },
          ),
        traits,
      );
      const expected: number[] = [];
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < queries; t++)
          for (let h = 0; h < heads; h++) {
            const part = (data: Float32Array) =>
              Array.from({ length: keys }, (_, u) => row(data, (b * keys + u) * dim + h * headDim, headDim));
            expected.push(
              ...attend(row(q, (b * queries + t) * dim + h * headDim, headDim), part(k), part(v)),
            );
          }
      expectClose('y', y ?? [], expected, tolerance);
    });

  // [map height, map width, window]: fits, sticks out on one side, on both, window larger than the map.
  for (const [height, width, window] of [
    [8, 8, 4],
    [6, 8, 4],
    [7, 5, 3],
    [4, 4, 7],
  ] as const)
    gpuTest(`windows of ${window} on ${height} x ${width}, fused q k v, padding tokens`, async (gpu) => {
      const [heads, headDim] = [2, 8];
      const dim = heads * headDim;
      const [qkv, bias] = [randomValues(height * width * 3 * dim, 1), randomValues(3 * dim, 2)];
      const map = { map: [height, width], window: [window, window] } as const;
      const [y] = await runGraph(
        gpu,
        (g, feed) => {
          const tensor = feed('qkv', [height, width, 3 * dim], qkv);
          const pad = feed('bias', [3 * dim], bias);
          const options: AttentionOptions = { heads, headDim, windows: { query: map, key: map }, pad };
          return attention(
            g,
            { tensor, start: 0 },
            { tensor, start: dim },
            { tensor, start: 2 * dim },
            options,
          );
        },
        traits,
      );
      const expected: number[] = [];
      for (let ty = 0; ty < height; ty++)
        for (let tx = 0; tx < width; tx++)
          for (let h = 0; h < heads; h++) {
            const [y0, x0] = [ty - (ty % window), tx - (tx % window)];
            const tokens = Array.from(
              { length: window * window },
              (_, u) => [y0 + Math.floor(u / window), x0 + (u % window)] as const,
            );
            const part = (which: number) =>
              tokens.map(([ky, kx]) =>
                ky < height && kx < width
                  ? row(qkv, (ky * width + kx) * 3 * dim + which * dim + h * headDim, headDim)
                  : row(bias, which * dim + h * headDim, headDim),
              );
            expected.push(
              ...attend(row(qkv, (ty * width + tx) * 3 * dim + h * headDim, headDim), part(1), part(2)),
            );
          }
      expectClose('y', y ?? [], expected, tolerance);
    });

  gpuTest('pooled queries: windows of 2 on a 3 x 3 map see key windows of 4 on 6 x 6', async (gpu) => {
    const dim = 4;
    const [q, kv, bias] = [randomValues(9 * dim, 1), randomValues(36 * 2 * dim, 2), randomValues(2 * dim, 3)];
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const tensor = feed('kv', [36, 2 * dim], kv);
        return attention(
          g,
          { tensor: feed('q', [9, dim], q), start: 0 },
          { tensor, start: 0 },
          { tensor, start: dim },
          {
            heads: 1,
            headDim: dim,
            windows: { query: { map: [3, 3], window: [2, 2] }, key: { map: [6, 6], window: [4, 4] } },
            pad: feed('bias', [2 * dim], bias),
          },
        );
      },
      traits,
    );
    const expected: number[] = [];
    for (let t = 0; t < 9; t++) {
      const [wy, wx] = [Math.floor(Math.floor(t / 3) / 2), Math.floor((t % 3) / 2)];
      const part = (which: number) =>
        Array.from({ length: 16 }, (_, u) => {
          const [ky, kx] = [wy * 4 + Math.floor(u / 4), wx * 4 + (u % 4)];
          return ky < 6 && kx < 6
            ? row(kv, (ky * 6 + kx) * 2 * dim + which * dim, dim)
            : row(bias, which * dim, dim);
        });
      expected.push(...attend(row(q, t * dim, dim), part(0), part(1)));
    }
    expectClose('y', y ?? [], expected, tolerance);
  });
});

describe('attention', () => {
  it('refuses windows that stick out without a pad', () => {
    const g = new Graph('test');
    const columns = { tensor: g.tensor('qkv', [25, 12]), start: 0 };
    const map = { map: [5, 5], window: [2, 2] } as const;
    expect(() =>
      attention(g, columns, columns, columns, { heads: 1, headDim: 4, windows: { query: map, key: map } }),
    ).toThrow('windows stick out and there is no pad');
  });
});
