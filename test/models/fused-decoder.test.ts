import { expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest } from '../gpu-device.ts';
import { FUSED_CASES } from './fused-cases.ts';

/**
 * Both ways are f32 sums of the same terms in another order: 30 of them one after the other, of up to 2048 terms, each
 * off by up to 4 sqrt(256) 2^-24 = 4e-6 of its size; half the goldens' limit, so that both together stay within it.
 */
const LIMIT = 5e-5;

test.for(Object.keys(FUSED_CASES))('fused as op by op on wgpu: %s', async (fixture, context) => {
  const script = new URL('./fused-decoder.deno.ts', import.meta.url);
  const { adapter, errors } = (await runDeno(script.pathname, [fixture])) as {
    adapter: string;
    errors: [string, number][];
  };
  countGpuTest(context, adapter);
  const sorted = [...errors].sort(([, a], [, b]) => b - a);
  console.log(
    sorted
      .slice(0, 8)
      .map(([name, error]) => `${error.toExponential(1)}  ${name}`)
      .join('\n'),
  );
  expect(sorted.filter(([, error]) => !(error <= LIMIT))).toEqual([]);
  expect(errors.length).toBeGreaterThanOrEqual(2 * Object.keys(FUSED_CASES[fixture] ?? {}).length);
});
