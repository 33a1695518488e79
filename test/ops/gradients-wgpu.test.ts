import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { relativeError } from '../close.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { gradients } from './gradient-cases.ts';

gpuTest('Dawn and wgpu find the same gradients', async (gpu, context) => {
  const script = fileURLToPath(new URL('gradients.deno.ts', import.meta.url));
  const { adapter, found } = (await runDeno(script)) as {
    adapter: string;
    found: Record<string, readonly number[]>;
  };
  countGpuTest(context, adapter);
  const expected = await gradients(gpu);
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  // Both round sums of f32 in their own order; each is held to f64 by the op's own test.
  const errors = Object.entries(expected).map(
    ([name, values]) => [name, relativeError(found[name] ?? [], values)] as const,
  );
  expect(errors.filter(([, error]) => !(error < 1e-5))).toEqual([]);
});
