import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { relativeError } from '../close.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { gradients, SOFTWARE, VARIANTS } from './gradient-cases.ts';

/** Dawn computes them once: by each variant of a GPU they are held to f64 in the op's own test, on Dawn. */
gpuTest('Dawn and wgpu find the same gradients', async (gpu, context) => {
  const script = fileURLToPath(new URL('gradients.deno.ts', import.meta.url));
  const { adapter, found } = (await runDeno(script)) as {
    adapter: string;
    found: Record<string, Record<string, readonly number[]>>;
  };
  countGpuTest(context, adapter);
  const expected = await gradients(gpu, SOFTWARE);
  expect(Object.keys(found)).toEqual(Object.keys(VARIANTS));
  for (const [variant, own] of Object.entries(found)) {
    expect([variant, Object.keys(own)]).toEqual([variant, Object.keys(expected)]);
    // Both round sums of f32 in their own order.
    const errors = Object.entries(expected).map(
      ([name, values]) => [name, relativeError(own[name] ?? [], values)] as const,
    );
    expect([variant, errors.filter(([, error]) => !(error < 1e-5))]).toEqual([variant, []]);
  }
});
