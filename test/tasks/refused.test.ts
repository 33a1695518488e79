import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { GpuError, type LoadOptions, loadModel, UnsupportedError } from '../../src/index.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { countedDevice, countedGpu } from './counted-gpu.ts';
import { demoFile, disc } from './models.ts';
import { refusals } from './refusals.ts';

/** Two cores that others use, too. */
const PATIENCE_MS = 300_000;
const BOX = [10, 10, 50, 40] as const;

gpuTest('without WebGPU, without adapter: UnsupportedError with what to do', async () => {
  const file = await demoFile();
  await expect(loadModel(file)).rejects.toThrow(/^this runtime has no WebGPU: use Chrome or Edge/);
  const none = { requestAdapter: async () => null } as unknown as GPU;
  await expect(loadModel(file, { gpu: none })).rejects.toThrow(/^WebGPU is there but found no adapter/);
  await expect(loadModel(file, { gpu: none })).rejects.toThrow(UnsupportedError);
});

test('an option that is none, and a signal that is none: UnsupportedError, before anything is read', async () => {
  const file = await demoFile();
  const refused = (options: unknown) => expect(loadModel(file, options as LoadOptions)).rejects;
  await refused({ imagesize: 512 }).toThrow(/^loadModel has no option 'imagesize', expected device, gpu, /);
  await refused({ imagesize: 512 }).toThrow(UnsupportedError);
  await refused(null).toThrow('loadModel was given Null, expected an object of options or nothing');
  await refused({ signal: new AbortController() }).toThrow('expected an AbortSignal: controller.signal');
  await refused({ gpu: () => {} }).toThrow('gpu is Function, expected a GPU: navigator.gpu, or create([])');
  await refused({ device: createNodeGpu() }).toThrow('expected a GPUDevice: await adapter.requestDevice()');
  for (const memoryLimit of ['2GB', Number.NaN, -1])
    await refused({ memoryLimit }).toThrow(`memoryLimit is ${memoryLimit}, expected a number of bytes`);
});

/** What each engine says of refused commands, and that no zeros are taken for an answer. */
const expectRefusals = (found: Awaited<ReturnType<typeof refusals>>) => {
  expect(found.write).toMatch(/^GpuError: write to 'small': the GPU refused it \(/);
  expect(found.copy).toMatch(/^GpuError: readback: the GPU refused it \(/);
  expect(found.bind).toMatch(/^GpuError: .*: the GPU refused it \(/);
  expect(found.unscoped).toMatch(/^GpuError: the GPU refused a command: /);
  expect(found.kernel).toMatch(/^GpuError: kernel broken does not compile: /);
  expect(found.large).toMatch(/^GpuError: buffer 'large' needs \d+ bytes, this device allows \d+; use/);
  expect(found.after).toBe('1,2,3,4');
};

gpuTest('what Dawn refuses is an error of the call that asked for it, once', async (gpu) => {
  expectRefusals(await refusals(gpu));
});

test('what wgpu refuses is an error of the call that asked for it, once', async (context) => {
  const script = fileURLToPath(new URL('refusals.deno.ts', import.meta.url));
  const { label, found } = (await runDeno(script)) as {
    label: string;
    found: Awaited<ReturnType<typeof refusals>>;
  };
  countGpuTest(context, label);
  expectRefusals(found);
});

gpuTest('no memory while a model loads: GpuError, and everything is freed', async (gpu) => {
  const file = await demoFile();
  for (const [fault, label, message] of [
    ['memory', /^pool\.0$/, /^buffer 'pool.0': the GPU has not enough memory \(simulated\); use a smaller/],
    ['memory', /trunk/, /^buffer '.*trunk.*': the GPU has not enough memory \(simulated\); use a smaller/],
    ['invalid', /trunk/, /^buffer '.*trunk.*': the GPU refused it \(/],
  ] as const) {
    const { device, counts } = await countedDevice(gpu);
    let left = 1;
    counts.fault = (name) => (label.test(name) && left-- > 0 ? fault : undefined);
    const error = await loadModel(file, { device }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GpuError);
    expect(String(error)).toMatch(new RegExp(message.source.replace('^', '^GpuError: ')));
    expect(counts.buffers).toBe(0);
    // This device is not destroyed: Dawn would wait for its compiler. Nothing refers to it any more.
  }
});

gpuTest('a device whose limits are too small: GpuError that says so', async (gpu) => {
  const { gpu: counted, counts } = countedGpu(gpu);
  const small = {
    requestAdapter: async () => {
      const adapter = await counted.requestAdapter();
      if (!adapter) return null;
      const request = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const device = await request(descriptor);
        const limits = {
          maxBufferSize: 100_000,
          maxStorageBufferBindingSize: 100_000,
          minUniformBufferOffsetAlignment: 256,
        };
        Object.defineProperty(device, 'limits', { value: limits });
        return device;
      };
      return adapter;
    },
  } as unknown as GPU;
  await expect(loadModel(await demoFile(), { gpu: small })).rejects.toThrow(
    /needs a buffer of [\d,]+ bytes, and this device binds 100,?000 bytes; take a smaller/,
  );
  expect(counts.buffers).toBe(0);
});

gpuTest(
  'no memory for a picture or a prompt: GpuError, and the next call works',
  async (gpu) => {
    const { device, counts } = await countedDevice(gpu);
    using model = await loadModel(await demoFile(), { device });
    using image = await model.setImage(disc(60, 50));
    const [before] = await image.predict({ box: BOX });
    // Errors of ours are not the page's.
    const uncaptured: string[] = [];
    device.addEventListener('uncapturederror', ({ error }) => uncaptured.push(error.message));
    const cases = [
      ['memory', 'image_embedding set aside'],
      ['memory', 'pixels'],
      ['memory', 'mask.0'],
      ['invalid', 'logits.0'],
      ['invalid', 'readback'],
    ] as const;
    for (const [i, [fault, label]] of cases.entries()) {
      // Each picture is larger than the one before and wants new buffers, one of which is refused.
      const side = 100 + 50 * i;
      const attempt = async () => {
        using larger = await model.setImage(disc(side, side));
        return await larger.predict({ box: [5, 5, side - 5, side - 5], returnLogits: true });
      };
      let left = 1;
      counts.fault = (name) => (name === label && left-- > 0 ? fault : undefined);
      const error = await attempt().catch((reason: unknown) => reason);
      expect(error, label).toBeInstanceOf(GpuError);
      expect(String(error)).toMatch(
        fault === 'memory' ? /not enough memory \(simulated\)/ : /the GPU refused it \(/,
      );
      expect(left).toBe(0);
      counts.fault = undefined;
      expect((await attempt())[0]?.area).toBeGreaterThan(0);
      // The first picture's features survived it.
      expect((await image.predict({ box: BOX }))[0]?.lowResLogits).toEqual(before?.lowResLogits);
    }
    expect(uncaptured).toEqual([]);
  },
  PATIENCE_MS,
);
