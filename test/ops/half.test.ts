import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { add, matmul, matmulQuad, matmulTile } from '../../src/generated/kernels.ts';
import { computedAs, storedAs, textOf } from '../../src/gpu/kernel.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest } from '../gpu-device.ts';
import { CASES } from './half-cases.ts';
import { STORAGES } from './stored-cases.ts';
import { PRODUCTS } from './variant-traits.ts';

test('products in f16, summed in f32, on wgpu', async (context) => {
  const script = fileURLToPath(new URL('half.deno.ts', import.meta.url));
  const { adapter, half, failures, cases } = (await runDeno(script)) as {
    adapter: string;
    half: boolean;
    failures: string[];
    cases: number;
  };
  countGpuTest(context, adapter);
  expect(half).toBe(true);
  expect(failures).toEqual([]);
  expect(cases).toBe((1 + PRODUCTS.length) * STORAGES.length * Object.keys(CASES).length);
});

test('the rule makes the factors f16 and calls the functions that multiply them, and nothing else', async () => {
  const plain = storedAs(matmul, 'q8');
  const variant = computedAs(plain, 'f16');
  expect(variant.name).toBe('matmul.q8.half');
  expect(variant.features).toEqual(['shader-f16']);
  const text = await textOf(variant);
  const back = text
    .replace('enable f16;', '')
    .replace('alias factors=vec4<f16>;', 'alias factors=vec4<f32>;')
    .replaceAll('=multiply_f16(', '=multiply(');
  expect(back).toBe(plain.code);
  expect(text.match(/=multiply_f16\(/g)).toHaveLength(4);
  expect(computedAs(plain, 'f16')).toBe(variant);
  // A tile's sums are f16 too, and begin and end by other functions.
  const tile = await textOf(matmulTile);
  const tileText = await textOf(computedAs(matmulTile, 'f16'));
  const firsts = (text: string) => text.replace(/(?<!fn )\b(\w+)_f16\(/g, '$1(');
  const typed = tile.replace('=vec4<f32>', '=vec4<f16>').replace('=mat4x4<f32>', '=mat4x4<f16>');
  expect(firsts(tileText)).toBe(`enable f16;${firsts(typed)}`);
  for (const pair of ['begun', 'ended', 'narrowed']) {
    expect(tileText).toContain(`fn ${pair}_f16(`);
    expect(tileText).not.toMatch(new RegExp(`(?<!fn )\\b${pair}\\(`));
  }
  expect(computedAs(plain, 'f32')).toBe(plain);
  expect(computedAs(plain)).toBe(plain);
  expect(() => computedAs(add, 'f16')).toThrow('kernel add lacks lib/product');
  // Its text is late, and so is the verdict.
  await expect(textOf(computedAs(matmulQuad, 'f16'))).rejects.toThrow('kernel matmul_quad lacks lib/product');
});
