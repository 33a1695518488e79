import { describe, expect, test } from 'vitest';
import { Gpu } from '../../src/gpu/device.ts';
import type { WeightStorage } from '../../src/gpu/kernel.ts';
import { CheckpointError, describeModel, GpuError, loadModel, UnsupportedError } from '../../src/index.ts';
import { loadDecoder } from '../../src/tasks/decoders.ts';
import { fitStorage, type StorageWish } from '../../src/tasks/storage.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { contextOf, PLAIN } from '../architecture/models.ts';
import { gpuTest } from '../gpu-device.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { countedDevice } from './counted-gpu.ts';
import { demoFile } from './models.ts';
import { compareStorages, LEAST } from './storage-masks.ts';

const ALL = { binding: 2 ** 27, total: Number.POSITIVE_INFINITY };

async function demoAs(dtype: WeightStorage, change: (bytes: Uint8Array) => void = () => {}): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of convertCheckpoint(await openCheckpoint(await demoFile()), { dtype }))
    parts.push(new Uint8Array(chunk));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  change(bytes);
  return new File([bytes], 'demo.safetensors');
}

describe('which storage', async () => {
  const plain = contextOf('tiny', PLAIN);
  const context = { ...plain, decoder: await loadDecoder(plain.config, PLAIN) };
  const { storages, peakBytes } = await describeModel(context.config, PLAIN);
  const { f32, f16, q8 } = storages;
  const choice = (wish: Partial<StorageWish>) => {
    const { traits } = fitStorage(context, { fileStorage: 'f32', limits: ALL, ...wish }).context;
    return traits.storage;
  };
  const total = (bytes: number) => ({ limits: { ...ALL, total: bytes } });

  test('what the caller wants, else what the file has, else the first smaller one that fits', () => {
    expect(choice({})).toBe('f32');
    expect(choice({ fileStorage: 'f16' })).toBe('f16');
    expect(choice({ fileStorage: 'q8' })).toBe('q8');
    expect(choice({ fileStorage: 'q8', storage: 'f32' })).toBe('f32');
    expect(choice(total(f32.gpuBytes))).toBe('f32');
    expect(choice(total(f32.gpuBytes - 1))).toBe('f16');
    expect(choice(total(f16.gpuBytes - 1))).toBe('q8');
    console.log(
      `tiny: ${Object.entries(storages).map(([name, { weightBytes }]) => `${name} ${(weightBytes / 1e6).toFixed(1)} MB`)}, activations ${(peakBytes / 1e6).toFixed(1)} MB`,
    );
  });

  test('what does not fit is refused with planned bytes, limit and the next smaller choice', () => {
    const text = (bytes: number) => bytes.toLocaleString('en-US').replaceAll(',', '\\,');
    const limit = f16.gpuBytes - 1;
    const refused = (wish: Partial<StorageWish>) => {
      expect(() => choice(wish)).toThrow(GpuError);
      return expect(() => choice(wish));
    };
    refused({ storage: 'f16', ...total(limit) }).toThrow(
      new RegExp(
        `^the model as f16 needs ${text(f16.gpuBytes)} bytes on the GPU, ${text(f16.weightBytes)} bytes of them for weights, and the limit is ${text(limit)} bytes; take storage 'q8' \\(${text(q8.gpuBytes)} bytes\\)$`,
      ),
    );
    refused(total(q8.gpuBytes - 1)).toThrow(
      /^the model as f32 needs .*; take image size 512 with storage 'f32' \(/,
    );
    refused(total(1e6)).toThrow(/; take a smaller model$/);
    refused(total(Number.NaN)).toThrow(/and the limit is NaN bytes; take a smaller model$/);
    refused({ limits: { ...ALL, binding: 2 ** 20 } }).toThrow(
      /^the model as f32 needs a buffer of [\d,]+ bytes, and this device binds 1,048,576 bytes; take /,
    );
    expect(() => choice({ storage: 'q4' as 'q8' })).toThrow(UnsupportedError);
    expect(() => choice({ storage: 'q4' as 'q8' })).toThrow("storage is 'q4', expected f32, f16, q8");
  });
});

gpuTest(
  'a model takes the bytes that were planned, stored as asked, as in the file, or as it fits',
  async (gpu) => {
    const demo = await demoFile();
    const { config } = describeCheckpoint(await openCheckpoint(demo));
    const { device, counts } = await countedDevice(gpu);
    const { storages } = await describeModel(config, new Gpu(device).traits);
    const load = async (
      file: Blob,
      options: Parameters<typeof loadModel>[1],
      storage: keyof typeof storages,
    ) => {
      const model = await loadModel(file, { device, ...options });
      expect([model.storage, model.memory.weights]).toEqual([storage, storages[storage].weightBytes]);
      expect(model.memory.weights + model.memory.planned).toBeLessThanOrEqual(storages[storage].gpuBytes);
      model.dispose();
      expect(counts.buffers).toBe(0);
    };
    await load(demo, {}, 'f16');
    await load(await demoAs('f32'), {}, 'f32');
    await load(await demoAs('q8'), {}, 'q8');
    await load(demo, { memoryLimit: storages.f16.gpuBytes - 1 }, 'q8');
    await load(demo, { storage: 'f32' }, 'f32');
    device.destroy();
  },
);

gpuTest('a model that does not fit is refused before any of it is loaded', async (gpu) => {
  const { device, counts } = await countedDevice(gpu);
  const file = await demoFile();
  const loading = loadModel(file, { device, storage: 'f32', memoryLimit: 20e6 });
  await expect(loading).rejects.toThrow(GpuError);
  await expect(loading).rejects.toThrow(/^the model as f32 needs .* 20,000,000 bytes; take storage 'f16' \(/);
  expect(counts.made).toBe(0);
  device.destroy();
});

gpuTest('a scale that was edited by hand: one CheckpointError, and nothing stays on the GPU', async (gpu) => {
  const { device, counts } = await countedDevice(gpu);
  // Values begin where the header ends; a scale is F32 and follows its matrix.
  const file = await demoAs('q8', (bytes) => {
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const { data_offsets } = header['mask_decoder.transformer.layers.1.self_attn.q_proj.weight.scale'];
    view.setFloat32(8 + length + data_offsets[0] + 4 * 3, Number.NaN, true);
  });
  const loading = loadModel(file, { device });
  await expect(loading).rejects.toThrow(CheckpointError);
  await expect(loading).rejects.toThrow(
    /^demo\.safetensors: value 3 of tensor "mask_decoder\S+q_proj\.weight\.scale" is NaN\. A finite number above 0 was/,
  );
  expect(counts.made).toBeGreaterThan(0);
  expect(counts.buffers).toBe(0);
});

gpuTest(
  'weights that are not finite, in any storage: one CheckpointError, and nothing stays',
  async (gpu) => {
    const name = 'image_encoder.trunk.blocks.0.norm1.weight';
    for (const storage of ['f16', 'f32', 'q8'] as const) {
      // A norm, which stays f16 or f32 in each: an infinity there would make every mask empty.
      const file = await demoAs(storage, (bytes) => {
        const view = new DataView(bytes.buffer);
        const length = Number(view.getBigUint64(0, true));
        const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
        const at = 8 + length + header[name].data_offsets[0];
        if (header[name].dtype === 'F16') view.setUint16(at + 2 * 5, 0xfc00, true);
        else view.setFloat32(at + 4 * 5, Number.NEGATIVE_INFINITY, true);
      });
      const { device, counts } = await countedDevice(gpu);
      const loading = loadModel(file, { device });
      await expect(loading).rejects.toThrow(CheckpointError);
      await expect(loading).rejects.toThrow(
        `demo.safetensors: value 5 of tensor "${name}" is -Infinity. Finite values were expected`,
      );
      expect(counts.buffers).toBe(0);
    }
  },
);

/** One of each anatomy; `npm run storage-check` takes all. */
gpuTest('f16 and q8 give the masks of f32 on three phantoms', async (gpu) => {
  const phantoms = ['hip/003', 'shoulder/007', 'wrist/000'].map((name) => ({
    name,
    image: phantomPath(name),
    truth: phantomPath(name, 'gts'),
  }));
  for (const { storage, ious, mean, lowest } of await compareStorages(gpu, await demoFile(), phantoms)) {
    console.log(
      `${storage}: mean IoU ${mean.toFixed(4)}, lowest ${lowest.toFixed(4)}, of ${ious.length} masks`,
    );
    expect(ious.length).toBeGreaterThan(phantoms.length);
    expect(mean).toBeGreaterThanOrEqual(LEAST[storage].mean);
    expect(lowest).toBeGreaterThanOrEqual(LEAST[storage].each);
  }
});
