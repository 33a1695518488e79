import { CheckpointError } from '../errors.ts';
import { bufferBytes, bufferUsage, type Gpu } from '../gpu/device.ts';
import type { Parameter } from '../graph/parameter.ts';
import { buffersOf, bytesOf, columnsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import { firstNotFinite } from './finite.ts';
import { f16Bytes } from './half.ts';
import { quantise } from './quantise.ts';
import { release } from './release.ts';
import type { StoredTensor } from './types.ts';

export interface LoadParametersOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes on the GPU so far, and in all. */
  readonly onProgress?: ((loaded: number, total: number) => void) | undefined;
}

/** A model's weights on the GPU: a buffer for each parameter and each scale, shared by all its recordings. */
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
    const total = [...missing.values()].reduce((sum, { tensor }) => sum + parameterBytes(tensor), 0);
    const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
    const added: string[] = [];
    let loaded = 0;
    try {
      for (const parameter of missing.values()) {
        const { tensor } = parameter;
        const { values, isNew } = await packParameter(parameter, tensors, signal);
        const encoded = encodeParameter(tensor, values);
        for (const [{ name }, data] of encoded) {
          this.#buffers.set(name, this.#gpu.createFilled(name, data, STORAGE | COPY_SRC | COPY_DST));
          added.push(name);
        }
        release(encoded.map(([, data]) => data).filter((data) => isNew || data !== values));
        if (isNew) release([values]);
        loaded += parameterBytes(tensor);
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

/** Bytes of a parameter's buffers. */
export function parameterBytes(tensor: Tensor): number {
  return buffersOf(tensor).reduce((sum, each) => sum + bufferBytes(bytesOf(each)), 0);
}

/** What unpack4x8snorm divides by: a scale on the GPU belongs to values in -1 to 1. */
const SNORM = 127;

/**
 * Packed values as the bytes of the parameter's buffers.
 * @throws CheckpointError for a value that the storage cannot hold
 */
export function encodeParameter(tensor: Tensor, values: Float32Array): [Tensor, ArrayBufferView][] {
  const refuse = (at: number, limit: string) =>
    new CheckpointError(
      `value ${at} of '${tensor.name}' is ${values[at]}, ${limit}; load the model with storage 'f32'`,
    );
  if (tensor.dtype === 'f16') return [[tensor, f16Bytes(values, (at) => refuse(at, 'which no f16 holds'))]];
  const { scale } = tensor;
  if (!scale) return [[tensor, values]];
  const bad = firstNotFinite(values);
  if (bad >= 0) throw refuse(bad, 'which cannot be stored as q8');
  // [batch, inner, cols] has a scale for each column of each matrix; any other weight is one matrix [all, cols].
  const cols = columnsOf(tensor);
  const matrices = sizeOf(scale) / cols;
  const each = values.length / matrices;
  const bytes = new Int8Array(values.length);
  const factors = new Float32Array(sizeOf(scale));
  for (let matrix = 0; matrix < matrices; matrix++) {
    const made = quantise(values.subarray(matrix * each, (matrix + 1) * each), cols, 1);
    bytes.set(made.values, matrix * each);
    factors.set(
      made.scale.map((factor) => factor * SNORM),
      matrix * cols,
    );
  }
  return [
    [tensor, bytes],
    [scale, factors],
  ];
}

/** The values of a parameter, and whether packing made them: what it was given, or tables, may be somebody else's. */
export async function packParameter(
  { tensor, sources, pack }: Parameter,
  tensors: ReadonlyMap<string, StoredTensor>,
  signal: AbortSignal | undefined,
): Promise<{ readonly values: Float32Array; readonly isNew: boolean }> {
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
  const isNew = values.length > 0 && values.every(({ buffer }) => buffer !== result.buffer);
  // They were read for this alone.
  if (isNew) release(values);
  return { values: result, isNew };
}
