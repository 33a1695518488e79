import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Gpu, requestDevice } from '../../src/gpu/device.ts';
import { textOf } from '../../src/gpu/kernel.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { allVariants, type Compiled, compileAll, variantsForSwiftShader } from './variants.ts';

const report = (engine: string, { compiled, leftOut, kernels }: Compiled) =>
  console.log(
    `${engine}: ${compiled} variants of ${kernels} kernels compile, ${leftOut.length} left out${leftOut.length > 0 ? ` (${leftOut.join(' ')})` : ''}`,
  );

/** Compiling is all that SwiftShader does here, and it takes a third of a second a kernel on an idle machine. */
const PATIENCE_MS = 400_000;

gpuTest(
  'every kernel compiles on Dawn, with every tuning of what software adapters run',
  async (gpu) => {
    const device = await requestDevice({ gpu });
    const variants = variantsForSwiftShader();
    const result = await compileAll(device, variants);
    report(device.adapter.description, result);
    expect(result.failures).toEqual([]);
    // SwiftShader has no f16: wgpu compiles those.
    for (const key of result.leftOut) expect(variants.get(key)?.kernel.features).toEqual(['shader-f16']);
    expect(result.compiled + result.leftOut.length).toBe(variants.size);
    device.device.destroy();
  },
  PATIENCE_MS,
);

test(
  'every kernel variant that needs no subgroups compiles on wgpu',
  async (context) => {
    const script = fileURLToPath(new URL('variants.deno.ts', import.meta.url));
    const { adapter, ...result } = (await runDeno(script)) as Compiled & { adapter: string };
    countGpuTest(context, adapter);
    report(adapter, result);
    expect(result.failures).toEqual([]);
    const variants = allVariants();
    for (const key of result.leftOut) expect(variants.get(key)?.kernel.features).toEqual(['subgroups']);
    expect(result.compiled + result.leftOut.length).toBe(variants.size);
  },
  PATIENCE_MS,
);

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
