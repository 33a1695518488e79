import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Gpu, requestDevice } from '../../src/gpu/device.ts';
import { textOf } from '../../src/gpu/kernel.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { createNullGpu } from '../../tools/runtimes/dawn.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { allVariants, type Compiled, compileAll } from './variants.ts';

const report = (engine: string, { compiled, leftOut, kernels }: Compiled) =>
  console.log(
    `${engine}: ${compiled} variants of ${kernels} kernels compile, ${leftOut.length} are left out for want of a feature`,
  );

test("every kernel variant passes Chrome's compiler, those in f16 and of subgroups too", async () => {
  const device = await requestDevice({ gpu: createNullGpu() });
  const variants = allVariants();
  const result = await compileAll(device, variants);
  report('Tint', result);
  expect(result.failures).toEqual([]);
  expect(result.leftOut).toEqual([]);
  expect(result.compiled).toBe(variants.size);
  device.device.destroy();
});

test('every kernel variant that needs no subgroups compiles on wgpu', async (context) => {
  const script = fileURLToPath(new URL('variants.deno.ts', import.meta.url));
  const { adapter, ...result } = (await runDeno(script)) as Compiled & { adapter: string };
  countGpuTest(context, adapter);
  report(adapter, result);
  expect(result.failures).toEqual([]);
  const variants = allVariants();
  for (const key of result.leftOut) expect(variants.get(key)?.kernel.features).toEqual(['subgroups']);
  expect(result.compiled + result.leftOut.length).toBe(variants.size);
});

gpuTest('a kernel that does not compile is named, with the compiler’s words', async (gpu) => {
  const device = new Gpu((await requestDevice({ gpu })).device);
  const [variant] = allVariants().values();
  if (!variant) throw new Error('there are no kernels');
  const { kernel } = variant;
  const text = await textOf(kernel);
  const broken = { ...kernel, code: text.replace('fn main(', 'fn main(nonsense:u33,') };
  expect(broken.code).not.toBe(text);
  const compiling = new PipelineCache(device).compile(broken, {});
  await expect(compiling).rejects.toThrow(new RegExp(`^kernel ${kernel.name} does not compile: .*u33`, 's'));
  device.device.destroy();
});
