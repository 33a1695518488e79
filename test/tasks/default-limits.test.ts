import { expect } from 'vitest';
import { loadModel } from '../../src/index.ts';
import { gpuTest } from '../gpu-device.ts';
import { compareDump, readGolden } from '../models/golden.ts';
import { goldenModelFile, judge, NANO_LIMITS } from '../models/golden-run.ts';
import { generateImage } from '../weights/generated-weights.ts';

const NAME = 'nano-sam2rad';

/** WebGPU's defaults: what every device has that was asked for no more. */
const DEFAULTS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupStorageSize: 2 ** 14,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
} as const;

gpuTest('a device of default limits, without a feature, computes the golden', async (gpu) => {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  const device = await adapter.requestDevice();
  const limits = Object.keys(DEFAULTS).map((name) => [name, device.limits[name as keyof typeof DEFAULTS]]);
  expect(Object.fromEntries(limits)).toEqual(DEFAULTS);
  expect(device.features.has('subgroups')).toBe(false);
  const refusals: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => refusals.push(error.message));

  const golden = await readGolden(NAME);
  const size = Number(golden.metadata['image_size']);
  using model = await loadModel(await goldenModelFile(NAME), { device });
  const data = generateImage(size, size, Number(golden.metadata['image_seed']));
  using image = await model.setImage({ data, width: size, height: size });
  const auto = await image.predict({ mode: 'auto', returnTensors: true });
  const errors = new Map([...compareDump(golden, '', auto), ...compareDump(golden, 'auto', auto)]);
  judge('default limits', errors, NANO_LIMITS);
  expect(errors.size).toBeGreaterThan(8);
  expect(refusals).toEqual([]);
  device.destroy();
});
