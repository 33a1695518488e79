import { bufferUsage, type Gpu } from './device.ts';
import { readBuffer } from './readback.ts';

/** Timestamp queries around compute passes; where the device has none, every time is NaN. */
export class PassTimer {
  readonly #gpu: Gpu;
  readonly #count: number;
  readonly #queries: GPUQuerySet | undefined;

  constructor(gpu: Gpu, passes: number) {
    this.#gpu = gpu;
    this.#count = passes;
    if (gpu.device.features.has('timestamp-query'))
      this.#queries = gpu.device.createQuerySet({
        label: 'pass timer',
        type: 'timestamp',
        count: 2 * passes,
      });
  }

  /** To be spread into the descriptor of pass `index`. */
  writes(index: number): Pick<GPUComputePassDescriptor, 'timestampWrites'> {
    if (!this.#queries) return {};
    return {
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: 2 * index,
        endOfPassWriteIndex: 2 * index + 1,
      },
    };
  }

  /** Milliseconds of each pass, after the device has finished them. */
  async read(): Promise<number[]> {
    if (!this.#queries) {
      await this.#gpu.guard(this.#gpu.device.queue.onSubmittedWorkDone());
      return Array(this.#count).fill(Number.NaN);
    }
    const { QUERY_RESOLVE, COPY_SRC } = bufferUsage;
    const resolved = this.#gpu.createBuffer('pass times', 16 * this.#count, QUERY_RESOLVE | COPY_SRC);
    const queries = this.#queries;
    try {
      this.#gpu.submit('pass times', (encoder) =>
        encoder.resolveQuerySet(queries, 0, 2 * this.#count, resolved, 0),
      );
      const nanoseconds = new BigUint64Array(await readBuffer(this.#gpu, resolved, 16 * this.#count));
      return Array.from({ length: this.#count }, (_, i) => {
        const [begin, end] = [nanoseconds[2 * i] ?? 0n, nanoseconds[2 * i + 1] ?? 0n];
        return Number(end - begin) / 1e6;
      });
    } finally {
      resolved.destroy();
      queries.destroy();
    }
  }
}
