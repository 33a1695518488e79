import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { CASES } from './long-cases.ts';

test('no adapter of wgpu ends a sum over many keys early', async (context) => {
  const script = fileURLToPath(new URL('long.deno.ts', import.meta.url));
  const { adapter, failures, cases } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    cases: number;
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  expect(cases).toBe(Object.keys(CASES).length);
});

describe('nor does Dawn', () => {
  // Relative positions have as many queries as keys: 4096 of them take SwiftShader a minute.
  for (const [name, run] of Object.entries(CASES)) if (!/relative/.test(name)) gpuTest(name, run);
});
