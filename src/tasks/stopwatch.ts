import { bufferUsage, type Gpu } from '../gpu/device.ts';
import { type BoundDispatch, Executable } from '../gpu/executor.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import { type Dispatch, trafficOf } from '../graph/graph.ts';
import { bytesOf, type Tensor } from '../graph/tensor.ts';

/** A measurement lasts at least this long, as far as `MOST_REPEATS` reach: clocks are coarse. */
const MEASURED_MS = 2;
const MOST_REPEATS = 64;
const ROUNDS = 3;

/** Times dispatches on buffers of zeros in place of their operands, which those of a class share. */
export class Stopwatch {
  readonly #gpu: Gpu;
  readonly #pipelines: PipelineCache;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#pipelines = new PipelineCache(gpu);
  }

  /**
   * Milliseconds of all these dispatches one after the other: the least of some rounds, after a first run that pays for
   * what is made only once.
   */
  async time(dispatches: readonly Dispatch[]): Promise<number> {
    const bound = this.#bind(dispatches);
    let best = await this.#run(bound, 1);
    const repeats = Math.min(MOST_REPEATS, Math.ceil(MEASURED_MS / best));
    for (let round = 1; round < ROUNDS && best < MEASURED_MS * ROUNDS; round++)
      best = Math.min(best, await this.#run(bound, repeats));
    return best;
  }

  /** Frees the buffers; the next call makes its own. */
  dispose(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  async #run(bound: readonly BoundDispatch[], repeats: number): Promise<number> {
    const all = Array.from({ length: repeats }, () => bound).flat();
    const executable = await Executable.create(this.#gpu, this.#pipelines, 'tuning', all);
    try {
      await executable.run();
      await this.#gpu.finish();
      const started = performance.now();
      await executable.run();
      await this.#gpu.finish();
      return (performance.now() - started) / repeats;
    } finally {
      executable.dispose();
    }
  }

  #bind(dispatches: readonly Dispatch[]): BoundDispatch[] {
    const seen = new Map<Tensor, number>();
    return dispatches.map((dispatch) => {
      const buffers = dispatch.operands.map((tensor) => {
        const at = seen.get(tensor) ?? seen.size;
        seen.set(tensor, at);
        return { buffer: this.#buffer(at, bytesOf(tensor)) };
      });
      return { ...dispatch, label: 'tuning', buffers, bytes: trafficOf(dispatch) };
    });
  }

  #buffer(at: number, bytes: number): GPUBuffer {
    const key = `${at} ${bytes}`;
    const buffer =
      this.#buffers.get(key) ?? this.#gpu.createBuffer(`tuning.${at}`, bytes, bufferUsage.STORAGE);
    this.#buffers.set(key, buffer);
    return buffer;
  }
}
