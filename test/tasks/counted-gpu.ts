/** What is alive on the GPU, and the failures that a test plans. */
export interface GpuCounts {
  /** Buffers made and not destroyed, by their own `destroy` or their device's. */
  buffers: number;
  /** Devices requested and not destroyed. */
  devices: number;
  /** Buffers made since the start, or since the test set it to 0. */
  made: number;
  /** Decides about the next buffer, by its label: `memory` is refused for lack of it, `invalid` is invalid. */
  fault?: ((label: string) => 'memory' | 'invalid' | undefined) | undefined;
}

/** A GPU whose devices are counted. */
export function countedGpu(gpu: GPU): { gpu: GPU; counts: GpuCounts } {
  const counts: GpuCounts = { buffers: 0, devices: 0, made: 0 };
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => countDevice(await request(descriptor), counts);
    return adapter;
  };
  return { gpu: { requestAdapter } as GPU, counts };
}

/** A device of the test's own, counted. */
export async function countedDevice(
  gpu: GPU,
): Promise<{ device: GPUDevice; counts: GpuCounts; adapter: GPUAdapter }> {
  const counted = countedGpu(gpu);
  const adapter = await counted.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  // As the engine itself requests it: without subgroups the encoder takes three times as long on SwiftShader.
  const requiredFeatures: GPUFeatureName[] = adapter.features.has('subgroups') ? ['subgroups'] : [];
  const device = await adapter.requestDevice({ label: 'test', requiredFeatures });
  return { device, counts: counted.counts, adapter };
}

function countDevice(device: GPUDevice, counts: GpuCounts): GPUDevice {
  const alive = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  const destroyDevice = device.destroy.bind(device);
  const push = device.pushErrorScope.bind(device);
  const pop = device.popErrorScope.bind(device);
  const scopes: GPUErrorFilter[] = [];
  let short = false;
  const release = (buffer: GPUBuffer) => {
    if (alive.delete(buffer)) counts.buffers -= 1;
  };
  counts.devices += 1;
  device.createBuffer = (descriptor) => {
    const fault = counts.fault?.(descriptor.label ?? '');
    // WebGPU refuses a buffer without any usage: what comes back is a real invalid buffer.
    const buffer = create(fault === 'invalid' ? { ...descriptor, usage: 0 } : descriptor);
    if (fault === 'memory') short = true;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      release(buffer);
      return destroy();
    };
    alive.add(buffer);
    counts.buffers += 1;
    counts.made += 1;
    return buffer;
  };
  device.pushErrorScope = (filter) => {
    scopes.push(filter);
    return push(filter);
  };
  device.popErrorScope = async () => {
    const told = scopes.pop() === 'out-of-memory' && short;
    if (told) short = false;
    const error = await pop();
    return told ? new GPUOutOfMemoryError('simulated') : error;
  };
  let destroyed = false;
  device.destroy = () => {
    if (!destroyed) counts.devices -= 1;
    destroyed = true;
    for (const buffer of [...alive]) release(buffer);
    return destroyDevice();
  };
  return device;
}
