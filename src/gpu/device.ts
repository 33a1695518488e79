import { DeviceLostError, GpuError, Sam2RadError, UnsupportedError } from '../errors.ts';
import { onDeviceLost } from './loss.ts';
import { outOfMemory, Verdicts } from './verdicts.ts';

/** What recordings may depend on: plain data, so that a graph can be recorded and planned without a device. */
export interface DeviceTraits {
  /** Subgroups of at least 4 lanes, and the WGSL extension is enabled. */
  readonly subgroups: boolean;
  /** A software adapter (SwiftShader, llvmpipe): barriers and workgroup memory cost more than they save. */
  readonly cpu: boolean;
  /** Of a workgroup's memory. */
  readonly workgroupBytes: number;
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
  /** Of some the GPU's name, of others a number or nothing. */
  readonly device: string;
  /** Of some the driver, of others the GPU's name. */
  readonly description: string;
}

const WANTED_FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups', 'shader-f16'];

/** What attention's tiles make use of; 16 KiB, which every device has, are enough to compute. */
const WORKGROUP_BYTES = 32768;

/** A lost device rejects what waits for it, and only then says that it is lost: this long it is waited for. */
const LOSS_GRACE_MS = 50;

/** The one user of a GPUDevice: only src/gpu calls `device.create*` and the queue. */
export class Gpu {
  readonly created: CreationCounts = { buffers: 0, pipelines: 0, bindGroups: 0, submits: 0 };
  readonly adapter: AdapterSummary;
  readonly traits: DeviceTraits;
  readonly device: GPUDevice;
  readonly #owned: boolean;
  readonly #verdicts: Verdicts;
  readonly #waiting = new Set<(reason: DeviceLostError) => void>();
  readonly #unwatch: () => void;
  /** Resolves when the device is lost, with what to say of it; never for a device that was closed. */
  readonly lost: Promise<DeviceLostError>;
  readonly #compiling = new Set<Promise<unknown>>();
  #end: DeviceLostError | undefined;

  /** @param owned the device is ours alone: `close` destroys it, and every error on it is of our making. */
  constructor(device: GPUDevice, info: GPUAdapterInfo | undefined = device.adapterInfo, owned = false) {
    this.device = device;
    this.adapter = {
      vendor: info?.vendor ?? '',
      architecture: info?.architecture ?? '',
      device: info?.device ?? '',
      description: info?.description ?? '',
    };
    const words = `${this.adapter.architecture} ${this.adapter.description}`;
    this.traits = {
      subgroups: device.features.has('subgroups'),
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      cpu: /swiftshader|llvmpipe|lavapipe|basic render/i.test(words),
    };
    this.#owned = owned;
    this.#verdicts = new Verdicts(device);
    let tellLoss: (error: DeviceLostError) => void = () => {};
    this.lost = new Promise((resolve) => {
      tellLoss = resolve;
    });
    const unwatchLoss = onDeviceLost(device, ({ reason, message }) => {
      const error = this.#stop(
        `the GPU device was lost (${reason || 'unknown'}${message ? `: ${message}` : ''}); call loadModel again to go on`,
      );
      tellLoss(error);
    });
    const onError = ({ error }: GPUUncapturedErrorEvent) =>
      this.#verdicts.add(new GpuError(`the GPU refused a command: ${error.message}`));
    if (owned) device.addEventListener('uncapturederror', onError);
    this.#unwatch = () => {
      unwatchLoss();
      device.removeEventListener('uncapturederror', onError);
    };
  }

  /** Throws if the device is gone or was closed. */
  assertAlive(): void {
    if (this.#end) throw this.#end;
  }

  /**
   * Waits for the device's opinion on everything it was given so far: without asking, WebGPU goes on with zeros.
   * @throws GpuError with the device's own words, for memory that is not there or an invalid command
   */
  async settle(): Promise<void> {
    const error = await this.guard(this.#verdicts.first());
    if (error) throw error;
  }

  /** Waits until the device has done what it was given. @throws GpuError as `settle` does */
  async finish(): Promise<void> {
    await this.guard(this.device.queue.onSubmittedWorkDone());
    await this.settle();
  }

  /** Gives the device commands, about which `settle` asks later. */
  judged<T>(label: string, give: () => T): T {
    this.assertAlive();
    return this.#verdicts.over(label, give);
  }

  /** `work`, unless the device is lost or closed meanwhile: then it rejects with DeviceLostError at once. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settled = (then: () => void) => {
        this.#waiting.delete(reject);
        then();
      };
      work.then(
        (value) => settled(() => resolve(value)),
        (error: unknown) => setTimeout(() => settled(() => reject(error)), isOurs(error) ? 0 : LOSS_GRACE_MS),
      );
      if (this.#end) reject(this.#end);
      else this.#waiting.add(reject);
    });
  }

  /** @param bytes rounded up to 4, at least 16; @throws GpuError where the device's limits do not allow it. */
  createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags, mapped = false): GPUBuffer {
    this.assertAlive();
    const size = bufferBytes(bytes);
    if (size > this.device.limits.maxBufferSize)
      throw new GpuError(
        `buffer '${label}' needs ${size} bytes, this device allows ${this.device.limits.maxBufferSize}; use a smaller image size or model`,
      );
    this.created.buffers += 1;
    return this.judged(`buffer '${label}'`, () => {
      try {
        return this.device.createBuffer({ label, size, usage, mappedAtCreation: mapped });
      } catch (error) {
        // A mapped buffer also needs memory of the page, which browsers may lack.
        throw outOfMemory(`buffer '${label}' of ${size} bytes`, String(error));
      }
    });
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
    try {
      new Uint8Array(buffer.getMappedRange()).set(bytes);
      buffer.unmap();
      return buffer;
    } catch (error) {
      // wgpu does not map a buffer that it refused.
      buffer.destroy();
      throw outOfMemory(`buffer '${label}' of ${bytes.byteLength} bytes`, String(error));
    }
  }

  /** `data` is copied before this returns. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.judged(`write to '${buffer.label}'`, () =>
      this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength),
    );
  }

  /** Copies whole buffers onto others of the same size. */
  copy(pairs: readonly (readonly [from: GPUBuffer, to: GPUBuffer])[]): void {
    this.submit('copy', (encoder) => {
      for (const [from, to] of pairs) encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
    });
  }

  /** Queues what `encode` puts into an encoder of this label. */
  submit(label: string, encode: (encoder: GPUCommandEncoder) => void): void {
    this.judged(label, () => {
      const encoder = this.device.createCommandEncoder({ label });
      encode(encoder);
      this.device.queue.submit([encoder.finish({ label })]);
      this.created.submits += 1;
    });
  }

  /** @throws GPUPipelineError; DeviceLostError at once when the device is lost or closed. */
  compile(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    const compiled = this.device.createComputePipelineAsync(descriptor);
    const forget = () => this.#compiling.delete(compiled);
    this.#compiling.add(compiled);
    compiled.then(forget, forget);
    return this.guard(compiled);
  }

  /** Ends every pending and later call with a DeviceLostError of this message; destroys the device if it is ours. */
  close(message: string): void {
    this.#stop(message);
    this.#unwatch();
    if (!this.#owned) return;
    // Dawn's `destroy` stands still until all pipelines under way are compiled, for seconds on a slow machine.
    if (this.#compiling.size === 0) this.device.destroy();
    else Promise.allSettled(this.#compiling).then(() => this.device.destroy());
  }

  #stop(message: string): DeviceLostError {
    const end = this.#end ?? new DeviceLostError(message);
    this.#end = end;
    for (const reject of this.#waiting) reject(end);
    this.#waiting.clear();
    return end;
  }
}

/** Errors that already say what is wrong, whatever became of the device. */
const isOurs = (error: unknown): boolean => error instanceof Sam2RadError && !(error instanceof GpuError);

/** What a buffer of so many bytes takes: whole words, and at least 16 bytes. */
export const bufferBytes = (bytes: number): number => Math.max(16, Math.ceil(bytes / 4) * 4);

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
  readonly gpu?: GPU | undefined;
  readonly powerPreference?: GPUPowerPreference | undefined;
}

/** Dawn in Node takes the process down when what `create` gave is collected: every one stays as long as the process. */
const kept = new Set<GPU>();

/**
 * Requests a device with WebGPU's default limits (every model fits them), twice the workgroup memory where there is so much,
 * and the optional features we can use.
 * @throws UnsupportedError where there is no WebGPU or no adapter, with what to do about it.
 */
export async function requestDevice(options: RequestDeviceOptions = {}): Promise<Gpu> {
  const gpu = options.gpu ?? globalThis.navigator?.gpu;
  if (!gpu)
    throw new UnsupportedError(
      'this runtime has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141 or later (a page needs https or localhost), Deno with --unstable-webgpu, or Node with the npm package `webgpu`',
    );
  kept.add(gpu);
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter)
    throw new UnsupportedError(
      'WebGPU is there but found no adapter: update the graphics driver, or enable hardware acceleration in the browser; without a GPU, install mesa-vulkan-drivers (Debian), or set VK_ICD_FILENAMES to the vk_swiftshader_icd.json of a Chromium',
    );
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const maxComputeWorkgroupStorageSize = Math.min(
    WORKGROUP_BYTES,
    adapter.limits.maxComputeWorkgroupStorageSize,
  );
  const device = await adapter.requestDevice({
    label: 'sam2rad',
    requiredFeatures,
    requiredLimits: { maxComputeWorkgroupStorageSize },
  });
  return new Gpu(device, adapter.info, true);
}
