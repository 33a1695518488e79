import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { copyOnGpu } from './copy.ts';

const VALUES = [0, 1.5, -2, 3e38];
/** SAM2RAD_GPU=native tests on whatever GPU there is. */
const isSoftware = process.platform === 'linux' && process.env['SAM2RAD_GPU'] !== 'native';

gpuTest('Dawn for Node copies a buffer, on SwiftShader where no other adapter is asked for', async (gpu) => {
  expect(await copyOnGpu(gpu, VALUES)).toEqual(VALUES.map(Math.fround));
  const adapter = await gpu.requestAdapter();
  if (isSoftware) expect(adapter && adapterLabel(adapter.info, 'Dawn')).toBe('SwiftShader/Dawn');
});

test('Deno copies a buffer through wgpu, on llvmpipe', async (context) => {
  const script = fileURLToPath(new URL('copy.deno.ts', import.meta.url));
  const result = (await runDeno(script, [JSON.stringify(VALUES)])) as { copied: number[]; label: string };
  expect(result.copied).toEqual(VALUES.map(Math.fround));
  if (isSoftware) expect(result.label).toBe('llvmpipe/wgpu');
  countGpuTest(context, result.label);
});
