import { describe, expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { outputsOf } from './golden.ts';
import { judge, NANO_LIMITS, runGolden } from './golden-run.ts';

const GOLDENS = ['nano-sam2', 'nano-sam2rad'];

/** Every tensor of the golden was compared: a change of names must not leave one out. */
async function expectAll(name: string, compared: Iterable<string>): Promise<void> {
  expect([...compared].sort()).toEqual(await outputsOf(name));
}

describe('nano goldens equal PyTorch on Dawn', () => {
  for (const name of GOLDENS)
    gpuTest(name, async (gpu) => {
      const errors = await runGolden(name, gpu);
      judge(name, errors, NANO_LIMITS);
      await expectAll(name, errors.keys());
    });
});

/** The same adapter under another name, so that the engine takes the kernels that it has for GPUs. */
function asHardware(gpu: GPU): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const { features, limits } = adapter;
    const info = { vendor: '', architecture: '', device: '', description: 'under another name' };
    return { features, limits, info, requestDevice: adapter.requestDevice.bind(adapter) };
  };
  // The engine uses no more of either.
  return { requestAdapter } as unknown as GPU;
}

describe('nano goldens equal PyTorch by the kernels for GPUs', () => {
  gpuTest(
    'nano-sam2',
    async (gpu) => {
      const errors = await runGolden('nano-sam2', asHardware(gpu));
      judge('nano-sam2', errors, NANO_LIMITS);
      await expectAll('nano-sam2', errors.keys());
    },
    // Each of them compiles for seconds on SwiftShader.
    600_000,
  );
});

describe('nano goldens equal PyTorch on wgpu', () => {
  for (const name of GOLDENS)
    test(name, async (context) => {
      const script = new URL('./golden-deno.ts', import.meta.url);
      const { adapter, errors } = (await runDeno(script.pathname, [name])) as {
        adapter: string;
        errors: [string, number][];
      };
      countGpuTest(context, adapter);
      judge(`${name} on ${adapter}`, new Map(errors), NANO_LIMITS);
      await expectAll(
        name,
        errors.map(([tensor]) => tensor),
      );
    });
});
