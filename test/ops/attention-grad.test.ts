import { describe, expect, it } from 'vitest';
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import { attention, type Columns } from '../../src/ops/attention.ts';
import { attentionGrad } from '../../src/ops/attention-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { attend, type Windowed } from './attention-definition.ts';
import { everywhere } from './definitions.ts';
import { expectGradient } from './gradient.ts';

/** What is differentiated computes a lane a query, which SwiftShader compiles soonest: tiles have their own tests. */
const GPU = { cpu: false, tuned: everywhere('lane') };

/** Traits choose the kernel: a lane a row on GPUs and, with other chunks, on llvmpipe; a quad for 16 on SwiftShader. */
const VARIANTS = [
  ['single', { ...GPU, subgroups: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

const line = (length: number): Windowed => ({ map: [1, length], window: [1, length] });
const times3 = (values: Float32Array) => values.map((value) => 3 * value);

function sequences(
  traits: Partial<GraphTraits>,
  [queries, keys, heads, headDim, batch]: readonly [number, number, number, number, number],
): void {
  gpuTest(`${batch} x ${queries} queries, ${keys} keys, ${heads} heads of ${headDim}`, async (gpu) => {
    const dim = heads * headDim;
    await expectGradient(gpu, {
      inputs: {
        q: { shape: [batch, queries, dim], values: times3(randomValues(batch * queries * dim, 1)) },
        k: { shape: [batch, keys, dim], values: randomValues(batch * keys * dim, 2) },
        v: { shape: [batch, keys, dim], values: randomValues(batch * keys * dim, 3) },
      },
      record: (g, { q, k, v }) => attention(g, all(q), all(k), all(v), { heads, headDim, batch }),
      definition: ({ q, k, v }) => {
        const part = (values: Float64Array) => ({ values, stride: dim, start: 0 });
        const each = { query: line(queries), key: line(keys), heads, headDim, batch };
        return attend(part(q), part(k), part(v), each);
      },
      derivatives: [attentionGrad],
      traits,
    });
  });
}

function windows(
  traits: Partial<GraphTraits>,
  [height, width, window]: readonly [number, number, number],
  [heads, headDim]: readonly [number, number],
): void {
  gpuTest(`windows of ${window} on ${height} x ${width}, fused q k v, padding tokens`, async (gpu) => {
    const dim = heads * headDim;
    const map = { map: [height, width], window: [window, window] } as const;
    await expectGradient(gpu, {
      inputs: {
        qkv: { shape: [height, width, 3 * dim], values: randomValues(height * width * 3 * dim, 1) },
        bias: { shape: [3 * dim], values: randomValues(3 * dim, 2), frozen: true },
      },
      record: (g, { qkv, bias }) => {
        const part = (start: number) => ({ tensor: qkv, start });
        const windows = { query: map, key: map };
        return attention(g, part(0), part(dim), part(2 * dim), { heads, headDim, windows, pad: bias });
      },
      definition: ({ qkv, bias }) => {
        const part = (start: number) => ({ values: qkv, stride: 3 * dim, start });
        return attend(part(0), part(dim), part(2 * dim), { query: map, key: map, heads, headDim }, bias);
      },
      derivatives: [attentionGrad],
      traits,
    });
  });
}

// Long heads on a GPU with subgroups: a quad a row, whose lanes have as many channels or not.
describe('gradient of attention, shared by a quad', () => {
  const traits = { ...GPU, subgroups: true };
  for (const size of [
    [1, 2, 1, 36, 1],
    [5, 3, 2, 56, 1],
    [3, 5, 1, 96, 2],
    [35, 9, 1, 40, 1],
    [9, 67, 1, 72, 1],
  ] as const)
    sequences(traits, size);
  windows(traits, [7, 5, 3], [1, 36]);
});

describe.each(VARIANTS)('gradient of attention, %s', (_, traits) => {
  // Below, at and above the 16 rows of a quad, the 32 of a workgroup and the chunks of 64; primes; 1.
  for (const [queries, keys, heads, headDim, batch] of [
    [1, 2, 1, 4, 1],
    [3, 7, 2, 16, 1],
    [16, 32, 1, 12, 1],
    [17, 33, 3, 4, 1],
    [5, 3, 2, 56, 1],
    [64, 65, 1, 4, 1],
    [10, 257, 1, 4, 2],
    [257, 10, 1, 4, 1],
    [3, 5, 1, 96, 2],
  ] as const)
    sequences(traits, [queries, keys, heads, headDim, batch]);

  // [map height, map width, window]: fits, sticks out on one side, on both, window larger than the map.
  for (const [height, width, window] of [
    [8, 8, 4],
    [6, 8, 4],
    [7, 5, 3],
    [2, 4, 7],
  ] as const)
    windows(traits, [height, width, window], [2, 8]);

  gpuTest('pooled queries: windows of 2 on a 3 x 3 map see key windows of 4 on 6 x 6', async (gpu) => {
    const dim = 4;
    const windows = { query: { map: [3, 3], window: [2, 2] }, key: { map: [6, 6], window: [4, 4] } } as const;
    await expectGradient(gpu, {
      inputs: {
        q: { shape: [9, dim], values: randomValues(9 * dim, 1) },
        kv: { shape: [36, 2 * dim], values: randomValues(36 * 2 * dim, 2) },
        bias: { shape: [2 * dim], values: randomValues(2 * dim, 3), frozen: true },
      },
      record: (g, { q, kv, bias }) => {
        const part = (start: number) => ({ tensor: kv, start });
        return attention(g, all(q), part(0), part(dim), { heads: 1, headDim: dim, windows, pad: bias });
      },
      definition: ({ q, kv, bias }) => {
        const part = (start: number) => ({ values: kv, stride: 2 * dim, start });
        const query = { values: q, stride: dim, start: 0 };
        return attend(query, part(0), part(dim), { ...windows, heads: 1, headDim: dim }, bias);
      },
      derivatives: [attentionGrad],
      traits,
    });
  });

  for (const frozen of [['q'], ['k', 'v'], ['v']] as const)
    gpuTest(`${frozen} frozen`, async (gpu) => {
      const [queries, keys, heads, headDim] = [5, 11, 2, 4];
      const dim = heads * headDim;
      const is = (name: string) => ({ frozen: frozen.some((each) => each === name) });
      await expectGradient(gpu, {
        inputs: {
          q: { shape: [queries, dim], values: randomValues(queries * dim, 1), ...is('q') },
          k: { shape: [keys, dim], values: randomValues(keys * dim, 2), ...is('k') },
          v: { shape: [keys, dim], values: randomValues(keys * dim, 3), ...is('v') },
        },
        record: (g, { q, k, v }) => attention(g, all(q), all(k), all(v), { heads, headDim }),
        definition: ({ q, k, v }) => {
          const part = (values: Float64Array) => ({ values, stride: dim, start: 0 });
          return attend(part(q), part(k), part(v), { query: line(queries), key: line(keys), heads, headDim });
        },
        derivatives: [attentionGrad],
        traits,
      });
    });

  gpuTest('q, k and v are the same columns, beside others that nobody reads', async (gpu) => {
    const [rows, dim] = [7, 8];
    await expectGradient(gpu, {
      inputs: { x: { shape: [rows, 2 * dim], values: randomValues(rows * 2 * dim, 1) } },
      record: (g, { x }) => {
        const part = { tensor: x, start: 4 };
        return attention(g, part, part, part, { heads: 2, headDim: dim / 2 });
      },
      definition: ({ x }) => {
        const part = { values: x, stride: 2 * dim, start: 4 };
        return attend(part, part, part, { query: line(rows), key: line(rows), heads: 2, headDim: dim / 2 });
      },
      derivatives: [attentionGrad],
      traits,
    });
  });
});

const all = (tensor: Columns['tensor']): Columns => ({ tensor, start: 0 });

describe('gradient of attention', () => {
  /** Kernels that the backward pass records, with their chunks. */
  function recorded(queries: number, keys: number, traits: GraphTraits, trained = 'qkv') {
    const g = new Graph('test', traits);
    const [q, k, v] = [
      g.external('q', [queries, 128]),
      g.external('k', [keys, 128]),
      g.external('v', [keys, 128]),
    ];
    for (const tensor of [q, k, v]) if (trained.includes(tensor.name)) g.watch(tensor);
    const y = attention(g, all(q), all(k), all(v), { heads: 8, headDim: 16 });
    const forward = g.finish().dispatches.length;
    g.accumulate(y, () => g.external('dy', y.shape));
    g.backward([attentionGrad]);
    return g
      .finish()
      .dispatches.slice(forward)
      .map(({ kernel, params }) => `${kernel.name} ${params['chunk'] ?? params['chunks']}`);
  }

  it('walks the long side in chunks where the other is short', () => {
    const gpu = { cpu: false, subgroups: true };
    expect(recorded(10, 4096, gpu)).toEqual([
      'attention_grad_q 16',
      'attention_grad_merge 256',
      'attention_grad_kv 12',
    ]);
    expect(recorded(4096, 10, gpu)).toEqual([
      'attention_grad_q 12',
      'attention_grad_kv 16',
      'sum_rows_split 256',
      'sum_rows_split 256',
    ]);
  });

  it('keeps to the iterations that llvmpipe allows', () => {
    const chunks = recorded(9000, 9000, { cpu: true, subgroups: false });
    expect(chunks).toEqual([
      'attention_grad_q 1000',
      'attention_grad_merge 9',
      'attention_grad_kv 1000',
      'sum_rows 64',
      'sum_rows 64',
    ]);
  });

  it('records nothing by key where k and v are frozen', () => {
    expect(recorded(16, 16, { cpu: true, subgroups: true }, 'q')).toEqual(['attention_grad_q_quad 16']);
  });

  it('refuses a padding that needs a gradient', () => {
    const g = new Graph('test');
    const [qkv, bias] = [g.external('qkv', [25, 12]), g.watch(g.external('bias', [12]))];
    const part = (start: number) => ({ tensor: qkv, start });
    const map = { map: [5, 5], window: [2, 2] } as const;
    const options = { heads: 1, headDim: 4, windows: { query: map, key: map }, pad: bias };
    const y = attention(g, part(0), part(4), part(8), options);
    g.accumulate(y, () => g.external('dy', y.shape));
    expect(() => g.backward([attentionGrad])).toThrow("no gradient flows to 'bias'");
  });
});
