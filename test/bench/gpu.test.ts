import { expect, test, vi } from 'vitest';
import { modelsOf, parseCommand } from '../../bench/commands/options.ts';
import { openFile } from '../../bench/host/process.ts';
import { reportKernels } from '../../bench/kernel-report.ts';
import { readLadder } from '../../bench/kernels/ladder.ts';
import { measureLadder } from '../../bench/kernels/measure.ts';
import type { Host } from '../../bench/lab/host.ts';
import { observed } from '../../bench/lab/observed.ts';
import { watchDevice } from '../../bench/models/watch.ts';
import { ladderTable } from '../../bench/print/kernels.ts';
import { gpuTest } from '../gpu-device.ts';

/** The same adapter, which says that it has none of WebGPU's optional features. */
function bare(gpu: GPU): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const { info, limits } = adapter;
    return { features: new Set(), info, limits, requestDevice: adapter.requestDevice.bind(adapter) };
  };
  // What requestDevice of src/gpu asks of either.
  return { requestAdapter } as unknown as GPU;
}

function given() {
  const command = parseCommand([]);
  if (command.name !== 'measure') throw new Error(`the bench would ${command.name}`);
  const models = modelsOf(command.options, (file) => file);
  return { models, rounds: 2, only: '', keys: [] };
}

const hostOf = (gpu: GPU): Host => ({ gpu, cores: 2, say: () => {} });

gpuTest('without timestamps, subgroups and f16 it is measured by the wall, and said', async (gpu) => {
  const options = { ...given(), only: '16x16x128, 128 to 16x16x128' };
  const report = await reportKernels(readLadder(), options, hostOf(bare(gpu)), openFile);
  expect(report.clock).toBe('wall');
  const [f32, f16, bandwidth, workgroup] = report.roofs;
  expect(f16).toMatchObject({ name: 'f16', rate: null, note: 'not available: the device lacks shader-f16' });
  for (const roof of [f32, bandwidth, workgroup]) expect(roof?.rate?.median).toBeGreaterThan(0);
  const remarks = report.remarks.join('\n');
  for (const words of ['timed by the wall', 'no subgroups', 'no shader-f16', 'a software adapter'])
    expect(remarks).toContain(words);
  expect(report.rows.length).toBeGreaterThan(0);
  expect(report.rows.every(({ kernel }) => !kernel.includes('quad'))).toBe(true);
  for (const { ms, ofRoof, gbps } of report.rows) {
    expect(ms.median).toBeGreaterThan(0);
    expect(ofRoof.median).toBeGreaterThan(0);
    expect(gbps).toBeGreaterThan(0);
  }
});

gpuTest('CPU time is the clock where the host has it; shares of a part add up to 1', async (gpu) => {
  const cpuMs = async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const options = { ...given(), only: '16x16x128, 128x128' };
  const report = await reportKernels(readLadder(), options, { ...hostOf(gpu), cpuMs }, openFile);
  expect(report.clock).toBe('cpu');
  for (const { part } of report.parts) {
    const shares = report.rows.map(({ share }) => share[part] ?? 0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  }
});

gpuTest('a convolution’s rate is compared with that of the product that took turns with it', async (gpu) => {
  const options = { rounds: 2, only: 'conv2d nano patches', large: false };
  const report = await measureLadder(readLadder(), options, hostOf(gpu));
  expect(report.rows.map(({ op, version }) => `${op} ${version}`)).toEqual([
    'conv2d now',
    'conv2d v0',
    'matmul product',
  ]);
  const [now, v0, product] = report.rows;
  expect(now?.ofProduct).toBeCloseTo((now?.gflops ?? 0) / (product?.gflops ?? 0));
  expect(v0?.ofProduct).toBeCloseTo((v0?.gflops ?? 0) / (product?.gflops ?? 0));
  expect(product).toMatchObject({
    name: 'nano patches, as a product 4096x196x32',
    gain: null,
    ofProduct: null,
  });
  const [head = '', first = ''] = ladderTable(report).split('\n');
  expect(head).toContain('of v0  of product');
  expect(first).toContain(`${(100 * (now?.ofProduct ?? 0)).toFixed(0)} %`);
});

gpuTest('what a name does not match is refused', async (gpu) => {
  const options = { ...given(), only: 'no such kernel' };
  await expect(reportKernels(readLadder(), options, hostOf(gpu), openFile)).rejects.toThrow(
    "contains 'no such kernel'",
  );
});

gpuTest(
  'calls are observed: a page that was hidden, a device that became slow, features it lacks',
  async (gpu) => {
    const page = Object.assign(new EventTarget(), { hidden: false });
    vi.stubGlobal('document', page);
    const now = performance.now.bind(performance);
    try {
      const { made, remarks } = await observed(readLadder(), hostOf(bare(gpu)), async () => {
        page.hidden = true;
        page.dispatchEvent(new Event('visibilitychange'));
        page.hidden = false;
        const since = now();
        // Ten times as long for the same, as far as any clock here tells.
        vi.spyOn(performance, 'now').mockImplementation(() => since + 10 * (now() - since));
        return 'done';
      });
      expect(made).toBe('done');
      const text = remarks.join('\n');
      for (const words of ['timed by the wall', 'no subgroups', 'no shader-f16', 'the page was hidden'])
        expect(text).toContain(words);
      expect(text).toMatch(/the f32 roof fell by [5-9]\d %/);
    } finally {
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
    }
  },
);

test('a device is watched: bytes alive, the most at once, submits', () => {
  const made = { destroyed: 0 };
  const device = {
    createBuffer: ({ size }: { size: number }) => ({
      size,
      destroy: () => {
        made.destroyed += 1;
      },
    }),
    queue: { submit: () => {} },
  };
  // What the watch touches of a device.
  const watch = watchDevice(device as unknown as GPUDevice);
  const first = device.createBuffer({ size: 100 });
  device.createBuffer({ size: 20 });
  first.destroy();
  first.destroy();
  device.createBuffer({ size: 30 });
  device.queue.submit();
  expect(watch).toEqual({ bytes: 50, peak: 120, submits: 1 });
  expect(made.destroyed).toBe(2);
});
