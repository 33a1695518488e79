import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';
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

test('headless Chromium copies a buffer, on SwiftShader', async (context) => {
  // Only a secure context has navigator.gpu, and http://localhost is one.
  const server = createServer((_request, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const result = await page.evaluate(
      async (source, values) => {
        const copy: (gpu: GPU, values: number[]) => Promise<number[]> = new Function(`return ${source}`)();
        const adapter = await navigator.gpu.requestAdapter();
        const { architecture = '', description = '', device = '', vendor = '' } = adapter?.info ?? {};
        return {
          info: { architecture, description, device, vendor },
          copied: await copy(navigator.gpu, values),
        };
      },
      copyOnGpu.toString(),
      VALUES,
    );
    expect(result.copied).toEqual(VALUES.map(Math.fround));
    const label = adapterLabel(result.info, 'Chromium');
    if (isSoftware) expect(label).toBe('SwiftShader/Chromium');
    countGpuTest(context, label);
  } finally {
    await browser.close();
    server.close();
  }
});
