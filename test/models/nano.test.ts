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

describe.each([
  ['nano goldens equal PyTorch on wgpu', []],
  [
    'nano goldens equal PyTorch on wgpu by the kernels for hardware, the fused decoder among them',
    ['--as-hardware'],
  ],
])('%s', (_, flags) => {
  for (const name of GOLDENS)
    test(name, async (context) => {
      const script = new URL('./golden-deno.ts', import.meta.url);
      const { adapter, errors } = (await runDeno(script.pathname, [name, ...flags])) as {
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
