import { type TestContext, test } from 'vitest';
import { createNodeGpu } from '../tools/runtimes/dawn.ts';
import { installCommand } from '../tools/runtimes/ensure.ts';
import { adapterLabel } from '../tools/runtimes/label.ts';
import type {} from '../tools/runtimes/reporter.ts';

let label: Promise<string> | undefined;

/** Asked once a worker; the answer goes with every GPU test into the report. */
async function requireAdapter(gpu: GPU): Promise<string> {
  const adapter = await gpu.requestAdapter();
  if (adapter) return adapterLabel(adapter.info, 'Dawn');
  throw new Error(
    `No WebGPU adapter: Dawn found no Vulkan driver (VK_ICD_FILENAMES=${process.env['VK_ICD_FILENAMES'] ?? ''}). ` +
      `Run: ${installCommand()}`,
  );
}

/**
 * A test that needs WebGPU: `gpuTest('adds', async (gpu) => { const adapter = await gpu.requestAdapter(); ... })`.
 * `gpu` is one Dawn for the whole worker. Without an adapter the test fails, it is never skipped; that it ran is
 * counted, and a full run without a single one fails. Destroy the devices that you make.
 */
export function gpuTest(
  name: string,
  fn: (gpu: GPU, context: TestContext) => unknown,
  timeoutMs?: number,
): void {
  const body = async (context: TestContext): Promise<void> => {
    const gpu = createNodeGpu();
    label ??= requireAdapter(gpu);
    const ranOn = await label;
    try {
      await fn(gpu, context);
    } finally {
      countGpuTest(context, ranOn);
    }
  };
  // vitest takes an absent timeout as the configured one, an explicit undefined too.
  test(name, body, timeoutMs);
}

/**
 * For a plain `test` that reaches WebGPU in another process (Deno, the browser): call it once that GPU has
 * answered, with the `adapterLabel` of tools/runtimes/label.ts.
 */
export function countGpuTest(context: TestContext, adapter: string): void {
  context.task.meta.gpu = adapter;
}
