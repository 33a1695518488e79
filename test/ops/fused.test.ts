import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { MAP_CASES, STORED_MAP_CASES } from './map-cases.ts';
import { STORED_TOKEN_CASES, TOKEN_CASES } from './token-cases.ts';

const ALL = { ...TOKEN_CASES, ...MAP_CASES };

test('the fused decoder`s ops are what they stand for, in every storage, on wgpu', async (context) => {
  const script = fileURLToPath(new URL('fused.deno.ts', import.meta.url));
  const { adapter, failures, cases } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    cases: number;
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  expect(cases).toBe(Object.keys(ALL).length + 2 * (STORED_TOKEN_CASES.length + STORED_MAP_CASES.length));
});

describe('and on Dawn', () => {
  // SwiftShader takes seconds to compile each kernel: what the whole decoder compiles anyway is left to it.
  for (const [name, run] of Object.entries(ALL))
    if (!/ of (256|64)|to 256|long|large/.test(name))
      gpuTest(name, (gpu) => run(gpu, { cpu: false, storage: 'f32' }));
});
