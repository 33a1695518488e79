import { CheckpointError } from '../errors.ts';
import { bufferUsage, type Gpu } from '../gpu/device.ts';
import type { Parameter } from '../graph/parameter.ts';
import { bytesOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { StoredTensor } from './types.ts';

export interface LoadParametersOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes on the GPU so far, and in all. */
  readonly onProgress?: ((loaded: number, total: number) => void) | undefined;
}

/** A model's weights on the GPU: one buffer a parameter, shared by all its recordings. */
export class ParameterStore {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * Reads, packs and uploads the parameters that are not there yet, one after the other: never more than one
   * parameter's sources are in memory. After an error or a cancellation nothing of this call stays on the GPU.
   *
   * @throws CheckpointError for a source that is missing or has another shape.
   */
  async load(
    parameters: readonly Parameter[],
    tensors: ReadonlyMap<string, StoredTensor>,
    { signal, onProgress }: LoadParametersOptions = {},
  ): Promise<void> {
    const missing = new Map(
      parameters.filter(({ tensor }) => !this.#buffers.has(tensor.name)).map((p) => [p.tensor.name, p]),
    );
    const total = [...missing.values()].reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
    const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
    const added: string[] = [];
    let loaded = 0;
    try {
      for (const parameter of missing.values()) {
        const { tensor } = parameter;
        const values = await packed(parameter, tensors, signal);
        this.#buffers.set(
          tensor.name,
          this.#gpu.createFilled(tensor.name, values, STORAGE | COPY_SRC | COPY_DST),
        );
        added.push(tensor.name);
        loaded += bytesOf(tensor);
        onProgress?.(loaded, total);
      }
    } catch (error) {
      for (const name of added) this.#release(name);
      throw error;
    }
  }

  bufferOf(tensor: Tensor): GPUBuffer | undefined {
    return tensor.kind === 'parameter' ? this.#buffers.get(tensor.name) : undefined;
  }

  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  get largest(): number {
    return Math.max(0, ...[...this.#buffers.values()].map((buffer) => buffer.size));
  }

  dispose(): void {
    for (const name of [...this.#buffers.keys()]) this.#release(name);
  }

  #release(name: string): void {
    this.#buffers.get(name)?.destroy();
    this.#buffers.delete(name);
  }
}

async function packed(
  { tensor, sources, pack }: Parameter,
  tensors: ReadonlyMap<string, StoredTensor>,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const values: Float32Array[] = [];
  for (const { key, shape } of sources) {
    signal?.throwIfAborted();
    const stored = tensors.get(key);
    if (!stored)
      throw new CheckpointError(`the checkpoint has no tensor '${key}', which '${tensor.name}' is made of`);
    if (stored.shape.join() !== shape.join())
      throw new CheckpointError(`tensor '${key}' has shape [${stored.shape}], expected [${shape}]`);
    values.push(await stored.readF32(signal));
  }
  const result = pack(values);
  if (result.length !== sizeOf(tensor))
    throw new CheckpointError(
      `'${tensor.name}' was packed into ${result.length} values, expected [${tensor.shape}]`,
    );
  return result;
}
