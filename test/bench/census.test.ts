import { describe, expect, test } from 'vitest';
import { censusOf } from '../../bench/census/census.ts';
import { floorOf, smoothed } from '../../bench/census/efficiency.ts';
import { dispatchesOf, partsOf } from '../../bench/census/parts.ts';
import { FAMILIES } from '../../bench/models/known.ts';
import { type ModelSource, contextOf as sourceContext } from '../../bench/models/source.ts';
import { contextOf } from '../architecture/models.ts';

const TRAITS = [
  { cpu: false, subgroups: false },
  { cpu: true, subgroups: true },
];

describe('the census', () => {
  test.each(TRAITS)('has every dispatch of every part, counted: %j', (traits) => {
    const context = contextOf('Sam2Rad nano', traits);
    const parts = partsOf(context, 256);
    expect(parts.map(({ name }) => name)).toEqual(['encode', 'click', 'auto', 'train step']);
    const census = censusOf({ nano: parts });
    for (const part of parts) {
      const counted = census
        .flatMap(({ uses }) => uses)
        .filter((use) => use.part === `nano ${part.name}`)
        .reduce((sum, { count }) => sum + count, 0);
      expect(counted, part.name).toBe(dispatchesOf(part));
    }
    // Every kernel that any recording names, and each key once.
    const kernels = new Set(
      parts.flatMap(({ recordings }) =>
        recordings.flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel.name)),
      ),
    );
    expect(new Set(census.map(({ dispatch }) => dispatch.kernel.name))).toEqual(kernels);
    expect(new Set(census.map(({ key }) => key)).size).toBe(census.length);
  });

  test('a model without a prompt predictor has neither auto nor training', () => {
    const [traits] = TRAITS;
    if (!traits) throw new Error('no traits');
    expect(partsOf(contextOf('nano', traits), 256).map(({ name }) => name)).toEqual(['encode', 'click']);
  });

  test.each(TRAITS)('the families add what nano does not run: %j', async (traits) => {
    const known = async (source: ModelSource) => {
      const context = await sourceContext(source, traits, () => Promise.reject(new Error('no file is read')));
      return partsOf(context, context.config.imageSize).filter(({ name }) => source.parts?.includes(name));
    };
    const sources = FAMILIES.map((family) => family());
    const parts = await Promise.all(
      sources.map(async (source) => [source.name, await known(source)] as const),
    );
    const census = censusOf(Object.fromEntries(parts));
    const kernels = new Set(census.map(({ dispatch }) => dispatch.kernel.name));
    const shapes = census.map(({ shape }) => shape).join();
    // Depthwise convolutions, TinyViT's attention with a bias, ViT's with relative positions.
    for (const name of ['conv_depthwise', 'attention_bias', 'attention_relpos'])
      expect(
        [...kernels].some((kernel) => kernel.startsWith(name)),
        `${name} of ${[...kernels]}`,
      ).toBe(true);
    for (const storage of ['f16', 'q8']) expect(shapes).toContain(` ${storage}`);
    expect(census.some(({ label }) => label.includes('adapter'))).toBe(true);
  });

  test('the same kernel on the same shapes in two models is one entry with two uses', () => {
    const [traits] = TRAITS;
    if (!traits) throw new Error('no traits');
    const parts = partsOf(contextOf('nano', traits), 256);
    const [alone, both] = [censusOf({ a: parts }), censusOf({ a: parts, b: parts })];
    expect(both.length).toBe(alone.length);
    expect(both[0]?.uses.map(({ part }) => part)).toEqual(['a encode', 'b encode']);
  });
});

describe('the nearer roof', () => {
  const rates = { f32: 10, bandwidth: 2 };

  test('is the one that asks for more time', () => {
    expect(floorOf({ flops: 1e9, bytes: 1e6, arithmetic: 'f32' }, rates)).toEqual({ ms: 100, roof: 'f32' });
    expect(floorOf({ flops: 1e6, bytes: 1e9, arithmetic: 'f32' }, rates)).toEqual({
      ms: 500,
      roof: 'bandwidth',
    });
  });

  test('of a kernel in f16 is f16, and f32 where that was not measured', () => {
    const half = { flops: 1e9, bytes: 0, arithmetic: 'f16' } as const;
    expect(floorOf(half, { ...rates, f16: 20 }).ms).toBe(50);
    expect(floorOf(half, rates).ms).toBe(100);
  });

  test('is smoothed over its neighbours, so that one bad look does not count', () => {
    expect(smoothed([10, 10, 1, 10, 10], 2)).toBe(10);
    expect(smoothed([10, 8], 0)).toBe(10);
  });
});
