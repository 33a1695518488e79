import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as kernels from '../../src/generated/kernels.ts';
import { type Kernel, storedAs } from '../../src/gpu/kernel.ts';
import { Graph } from '../../src/graph/graph.ts';
import { bytesOf } from '../../src/graph/tensor.ts';
import { parameterBytes } from '../../src/weights/parameters.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { CASES, STORAGES } from './stored-cases.ts';
import { gpuWith, PRODUCTS, SOFTWARE } from './variant-traits.ts';

/**
 * How each kind of kernel reads f16 and q8, once: SwiftShader takes seconds to compile a tile, and wgpu runs every variant
 * of a GPU below. As f32 these are matmul.test and conv2d.test.
 */
const ON_DAWN = [['tile 32', gpuWith('tile 32')], ['split 32', gpuWith('split 32')], ...SOFTWARE] as const;

describe.each(ON_DAWN)('%s', (_, traits) => {
  for (const storage of ['f16', 'q8'] as const)
    for (const [name, run] of Object.entries(CASES))
      gpuTest(`${name} as ${storage}`, (gpu) => run(gpu, { ...traits, storage }));
});

test('products over f16 and q8 weights on wgpu', async (context) => {
  const script = fileURLToPath(new URL('stored.deno.ts', import.meta.url));
  const { adapter, failures, cases } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    cases: number;
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  expect(cases).toBe((1 + PRODUCTS.length) * STORAGES.length * Object.keys(CASES).length);
});

test('a matrix takes its bytes and, as q8, a factor a column; asking again gives the same tensor', () => {
  const bytes = STORAGES.map((storage) => {
    const g = new Graph('test', { cpu: false, subgroups: false, storage });
    const matrix = g.matrix('w', [2, 8, 12], [], () => new Float32Array(192));
    expect(g.matrix('w', [2, 8, 12], [], () => new Float32Array())).toBe(matrix);
    return [bytesOf(matrix), parameterBytes(matrix)];
  });
  expect(bytes).toEqual([
    [768, 768],
    [384, 384],
    [192, 192 + 4 * 24],
  ]);
});

test('the rule rewrites the type of w and each read of it, and nothing else', () => {
  const code =
    'fn from_q8(v:u32)->u32{return v;}@group(0)@binding(1)var<storage,read>w:array<vec4f>;' +
    '@group(0)@binding(2)var<storage,read>rel_w:array<vec4f>;' +
    'fn main(){let a=w[at+2*(b[i]+c[d[0]])]*x.w+rel_w[w4];let e=mat2x2f(w[0],w[1]);}';
  const kernel = { name: 'k', code, bindings: [], params: [], tunables: {}, features: [] } as Kernel;
  const variant = storedAs(kernel, 'q8');
  expect(variant.name).toBe('k.q8');
  expect(variant.code).toBe(
    code
      .replace('>w:array<vec4f>', '>w:array<stored_q8>')
      .replace('w[at+2*(b[i]+c[d[0]])]', 'from_q8(w[at+2*(b[i]+c[d[0]])])')
      .replace('mat2x2f(w[0],w[1])', 'mat2x2f(from_q8(w[0]),from_q8(w[1]))'),
  );
  expect(storedAs(kernel, 'q8')).toBe(variant);
  expect(storedAs(kernel, 'f32')).toBe(kernel);
  expect(() => storedAs(kernel, 'f16')).toThrow('kernel k cannot read a matrix as f16');
  expect(() => storedAs(kernels.add as Kernel, 'q8')).toThrow('kernel add cannot read a matrix as q8');
});
