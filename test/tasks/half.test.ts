import { expect, test } from 'vitest';
import { loadModel, UnsupportedError } from '../../src/index.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { countedDevice } from './counted-gpu.ts';
import { compareHalf } from './half-masks.ts';
import { demoFile } from './models.ts';
import { LEAST } from './storage-masks.ts';

test('computing in f16 gives the masks of f32 on three phantoms', async (context) => {
  const phantoms = ['hip/003', 'shoulder/007', 'wrist/000'].map((name) => ({
    name,
    image: phantomPath(name),
    truth: phantomPath(name, 'gts'),
  }));
  const { adapter, ious, mean, lowest } = await compareHalf(phantoms);
  countGpuTest(context, adapter);
  console.log(`mean IoU ${mean.toFixed(4)}, lowest ${lowest.toFixed(4)}, of ${ious.length} masks`);
  expect(ious.length).toBeGreaterThan(phantoms.length);
  expect(mean).toBeGreaterThanOrEqual(LEAST.f16.mean);
  expect(lowest).toBeGreaterThanOrEqual(LEAST.f16.each);
});

gpuTest(
  'f16 is for devices that have it, f32 is the default, and nothing stays after a refusal',
  async (gpu) => {
    const { device, counts } = await countedDevice(gpu);
    expect(device.features.has('shader-f16')).toBe(false);
    const refused = loadModel(await demoFile(), { device, compute: 'f16' });
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow('this device has no shader-f16');
    // A page without types says what it likes.
    const nonsense = 'f64' as 'f16';
    await expect(loadModel(await demoFile(), { device, compute: nonsense })).rejects.toThrow(
      "compute is 'f64'",
    );
    expect(counts.buffers).toBe(0);
    using model = await loadModel(await demoFile(), { device });
    expect(model.compute).toBe('f32');
  },
);
