import { DeviceLostError, GpuError, UnsupportedError } from '../errors.ts';

/** What recordings may depend on: plain data, so that a graph can be recorded and planned without a device. */
export interface DeviceTraits {
  /** Subgroups of at least 4 lanes, and the WGSL extension is enabled. */
  readonly subgroups: boolean;
  /** A software adapter (SwiftShader, llvmpipe): barriers and workgroup memory cost more than they save. */
  readonly cpu: boolean;
}

/** How many GPU objects were made so far: a second run at the same size must not change it (a test says so). */
export interface CreationCounts {
  buffers: number;
  pipelines: number;
  bindGroups: number;
  submits: number;
}

/** Which adapter runs, for reports: never used to decide what is computed. */
export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
}

const WANTED_FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups'];

/** The one owner of a GPUDevice: only src/gpu calls `device.create*` and the queue. */
export class Gpu {
  readonly created: CreationCounts = { buffers: 0, pipelines: 0, bindGroups: 0, submits: 0 };
  readonly adapter: AdapterSummary;
  readonly traits: DeviceTraits;
  readonly device: GPUDevice;
  #lost: DeviceLostError | undefined;
  #failure: GpuError | undefined;

  constructor(device: GPUDevice, info: GPUAdapterInfo | undefined = device.adapterInfo) {
    this.device = device;
    this.adapter = {
      vendor: info?.vendor ?? '',
      architecture: info?.architecture ?? '',
      description: info?.description ?? '',
    };
    const words = `${this.adapter.architecture} ${this.adapter.description}`;
    this.traits = {
      subgroups: device.features.has('subgroups'),
      cpu: /swiftshader|llvmpipe|lavapipe|basic render/i.test(words),
    };
    device.addEventListener('uncapturederror', (event) => {
      this.#failure ??= new GpuError(`the GPU refused a command: ${event.error.message}`);
    });
    device.lost.then((info) => {
      this.#lost = new DeviceLostError(
        `the GPU device was lost (${info.reason || 'unknown'}${info.message ? `: ${info.message}` : ''}); call loadModel again to go on`,
      );
    });
  }

  /** Throws if the device is gone, or refused something that was queued: results would be wrong, not absent. */
  assertAlive(): void {
    if (this.#lost) throw this.#lost;
    if (this.#failure) throw this.#failure;
  }

  /**
   * Makes GPU objects and reports what the device refuses: without asking, WebGPU goes on with zeros.
   * @throws GpuError with the device's own words, for memory that is not there or an invalid object
   */
  async checked<T>(label: string, make: () => Promise<T>): Promise<T> {
    this.assertAlive();
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('validation');
    try {
      return await make();
    } finally {
      const invalid = await this.device.popErrorScope();
      const memory = await this.device.popErrorScope();
      this.assertAlive();
      if (memory)
        throw new GpuError(
          `${label}: the GPU has not enough memory (${memory.message}); use a smaller image size or model`,
        );
      if (invalid) throw new GpuError(`${label}: the GPU refused it (${invalid.message})`);
    }
  }

  /** Rejects with DeviceLostError when the device is lost while `work` is under way. */
  async guard<T>(work: Promise<T>): Promise<T> {
    this.assertAlive();
    const lost = this.device.lost.then(() => {
      // The handler of the constructor ran first, so the reason is there.
      throw this.#lost ?? new DeviceLostError('the GPU device was lost; call loadModel again to go on');
    });
    return Promise.race([work, lost]);
  }

  /** @param bytes rounded up to 4, at least 16; @throws GpuError where the device's limits do not allow it. */
  createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags, mapped = false): GPUBuffer {
    this.assertAlive();
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    if (size > this.device.limits.maxBufferSize)
      throw new GpuError(
        `buffer '${label}' needs ${size} bytes, this device allows ${this.device.limits.maxBufferSize}; use a smaller image size or model`,
      );
    this.created.buffers += 1;
    return this.device.createBuffer({ label, size, usage, mappedAtCreation: mapped });
  }

  /** A storage buffer that can be written, read back, and bound to kernels. */
  createStorage(label: string, bytes: number): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
    return this.createBuffer(label, bytes, STORAGE | COPY_SRC | COPY_DST);
  }

  /** A buffer that holds `data` from the start. */
  createFilled(label: string, data: ArrayBuffer | ArrayBufferView, usage: GPUBufferUsageFlags): GPUBuffer {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    const buffer = this.createBuffer(label, bytes.byteLength, usage, true);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  /** `data` is copied before this returns. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.assertAlive();
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Copies whole buffers onto others of the same size. */
  copy(pairs: readonly (readonly [from: GPUBuffer, to: GPUBuffer])[]): void {
    const encoder = this.device.createCommandEncoder({ label: 'copy' });
    for (const [from, to] of pairs) encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
    this.submit(encoder.finish());
  }

  submit(commands: GPUCommandBuffer): void {
    this.assertAlive();
    this.created.submits += 1;
    this.device.queue.submit([commands]);
  }

  /** Releases everything that was made on this device. */
  destroy(): void {
    this.device.destroy();
  }
}

/** The flags of GPUBufferUsage: constants of the specification, so that Node needs no globals. */
export const bufferUsage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

/** Where a device comes from: `navigator.gpu`, the `webgpu` package in Node, or a device of the caller's. */
export interface RequestDeviceOptions {
  readonly gpu?: GPU;
  readonly powerPreference?: GPUPowerPreference;
}

/**
 * Requests a device with WebGPU's default limits (every model fits them) and the optional features we can use.
 * @throws UnsupportedError where there is no WebGPU or no adapter, with what to do about it.
 */
export async function requestDevice(options: RequestDeviceOptions = {}): Promise<Gpu> {
  const gpu = options.gpu ?? globalThis.navigator?.gpu;
  if (!gpu)
    throw new UnsupportedError(
      'this runtime has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141 or later (a page needs https or localhost), Deno with --unstable-webgpu, or Node with the npm package `webgpu`',
    );
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter)
    throw new UnsupportedError(
      'WebGPU is there but found no adapter: update the graphics driver, enable hardware acceleration in the browser, or install a software Vulkan driver (Debian: mesa-vulkan-drivers)',
    );
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ label: 'sam2rad', requiredFeatures });
  return new Gpu(device, adapter.info);
}
