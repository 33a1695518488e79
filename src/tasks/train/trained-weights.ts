import { CheckpointError } from '../../errors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { readBuffers } from '../../gpu/readback.ts';
import type { Parameter } from '../../graph/parameter.ts';
import { bytesOf, sizeOf } from '../../graph/tensor.ts';
import type { Part } from '../../optim/adamw.ts';
import { packParameter } from '../../weights/parameters.ts';
import type { StoredTensor } from '../../weights/types.ts';
import type { Stages } from '../stages.ts';
import { gradientName, STATE_NAMES } from './recordings.ts';

/** WebGPU's default `minStorageBufferOffsetAlignment`: no device asks for more. */
const ALIGNMENT = 256;

/** Weights and moments as the optimiser keeps them: each [count], packed. */
export interface OptimiserState {
  readonly weights: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

interface Place {
  readonly parameter: Parameter;
  /** Bytes from the start of each buffer. */
  readonly offset: number;
}

/**
 * What is trained, in one buffer for the weights and one each for gradients and moments, so that a step of the optimiser
 * is one dispatch. Each parameter is a range of them, which the stages bind.
 */
export class TrainedWeights {
  readonly #gpu: Gpu;
  readonly #places: readonly Place[];
  readonly #buffers: readonly GPUBuffer[];
  /** Values in each buffer. */
  readonly count: number;

  /** Makes the buffers, all zero, and tells the stages what lies where. */
  constructor(stages: Stages, parameters: readonly Parameter[]) {
    this.#gpu = stages.gpu;
    let end = 0;
    this.#places = parameters.map((parameter) => {
      const offset = end;
      end = Math.ceil((offset + bytesOf(parameter.tensor)) / ALIGNMENT) * ALIGNMENT;
      return { parameter, offset };
    });
    this.count = end / 4;
    this.#buffers = STATE_NAMES.map((name) => this.#gpu.createStorage(name, end));
    const [weights, gradients] = this.#buffers as [GPUBuffer, GPUBuffer];
    for (const [i, name] of STATE_NAMES.entries())
      stages.place(name, { buffer: this.#buffers[i] as GPUBuffer });
    for (const { parameter, offset } of this.#places) {
      const { name } = parameter.tensor;
      const size = Math.ceil(bytesOf(parameter.tensor) / 16) * 16;
      stages.place(name, { buffer: weights, offset, size });
      stages.place(gradientName(name), { buffer: gradients, offset, size });
    }
  }

  /** Puts a checkpoint's values in place; the moments stay as they are. */
  async load(tensors: ReadonlyMap<string, StoredTensor>, signal?: AbortSignal): Promise<void> {
    const [weights] = this.#buffers as [GPUBuffer];
    for (const { parameter, offset } of this.#places)
      this.#gpu.write(
        weights,
        Float32Array.from((await packParameter(parameter, tensors, signal)).values),
        offset,
      );
    await this.#gpu.settle();
  }

  async read(): Promise<OptimiserState> {
    const [weights = new Float32Array(), first = new Float32Array(), second = new Float32Array()] =
      await this.#read([0, 2, 3]);
    return { weights, first, second };
  }

  /** @throws CheckpointError for a state of another model */
  async write({ weights, first, second }: OptimiserState): Promise<void> {
    for (const [i, values] of [weights, undefined, first, second].entries()) {
      if (!values) continue;
      if (values.length !== this.count)
        throw new CheckpointError(
          `the saved state has ${values.length} values in '${STATE_NAMES[i]}', this training has ${this.count}: resume with the base, classes, tokens and parts that it was begun with`,
        );
      this.#gpu.write(this.#buffers[i] as GPUBuffer, Float32Array.from(values));
    }
    await this.#gpu.settle();
  }

  /** The gradients so far, by the checkpoint's names and in its layout. */
  async gradients(): Promise<Map<string, Float32Array>> {
    const [values = new Float32Array()] = await this.#read([1]);
    return this.unpack(values);
  }

  /** Packed values by the checkpoint's names and in its layout. */
  unpack(values: Float32Array): Map<string, Float32Array> {
    const tensors = new Map<string, Float32Array>();
    for (const { parameter, offset } of this.#places) {
      const packed = values.subarray(offset / 4, offset / 4 + sizeOf(parameter.tensor));
      for (const [name, unpacked] of unpackParameter(parameter, packed)) tensors.set(name, unpacked);
    }
    return tensors;
  }

  /**
   * The values of those parameters that `isPart` picks by the checkpoint's names.
   * @throws CheckpointError where others lie between them
   */
  rangeOf(isPart: (name: string) => boolean): Part {
    const inside = this.#places.map(({ parameter }) => parameter.sources.some(({ key }) => isPart(key)));
    const [first, last] = [inside.indexOf(true), inside.lastIndexOf(true)];
    if (inside.slice(first, last + 1).includes(false))
      throw new CheckpointError('trained parameters that belong together lie apart');
    const end = this.#places[last + 1]?.offset ?? 4 * this.count;
    return [(this.#places[first]?.offset ?? 0) / 4, first < 0 ? 0 : end / 4];
  }

  clearGradients(): void {
    const [, gradients] = this.#buffers as [GPUBuffer, GPUBuffer];
    this.#gpu.submit('clear gradients', (encoder) => encoder.clearBuffer(gradients));
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }

  async #read(which: readonly number[]): Promise<Float32Array[]> {
    const ranges = which.map((i) => ({ buffer: this.#buffers[i] as GPUBuffer, bytes: 4 * this.count }));
    return (await readBuffers(this.#gpu, ranges)).map((bytes) => new Float32Array(bytes));
  }
}

/**
 * Undoes a `pack` that only moves values: packing their numbers tells where each went.
 * @throws CheckpointError for one that computes, or copies
 */
function unpackParameter(
  { sources, pack, tensor }: Parameter,
  packed: Float32Array,
): Map<string, Float32Array> {
  let count = 0;
  const numbers = sources.map(({ shape }) => {
    const first = count + 1;
    count += shape.reduce((product, n) => product * n, 1);
    return Float32Array.from({ length: count + 1 - first }, (_, i) => first + i);
  });
  // f32 counts exactly up to 2^24, and no parameter is that long. 0 stands for padding.
  const places = pack(numbers);
  const values = new Float32Array(count);
  const seen = new Uint8Array(count + 1);
  places.forEach((place, i) => {
    if (place === 0) return;
    if (!Number.isInteger(place) || place > count || seen[place])
      throw new CheckpointError(`'${tensor.name}' is computed from the checkpoint and cannot be trained`);
    seen[place] = 1;
    values[place - 1] = packed[i] ?? 0;
  });
  return new Map(
    sources.map(({ key }, i) => {
      const [first = 1] = numbers[i] ?? [];
      return [key, values.subarray(first - 1, first - 1 + (numbers[i]?.length ?? 0))] as const;
    }),
  );
}
