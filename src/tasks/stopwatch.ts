import { bufferUsage, type Gpu } from '../gpu/device.ts';
import { type BoundDispatch, Executable } from '../gpu/executor.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { type Dispatch, trafficOf } from '../graph/graph.ts';
import { bytesOf, type Tensor } from '../graph/tensor.ts';

/** A measurement lasts at least this long, as far as `MOST_REPEATS` reach: clocks are coarse. */
const MEASURED_MS = 2;
const FEW_REPEATS = 8;
const MOST_REPEATS = 64;

/** Dispatches that can be timed again and again, with nothing left to be made. */
export interface Entrant {
  /** Milliseconds of a single run with its submit: a first impression. */
  readonly once: number;
  /** Milliseconds of a run, by as many of them as are long enough together. */
  lap(): Promise<number>;
}

/** Times dispatches on buffers of zeros in place of their operands, which all its entrants share. */
export class Stopwatch {
  readonly #gpu: Gpu;
  readonly #pipelines: PipelineCache;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #executables: Executable[] = [];

  constructor(gpu: Gpu, pipelines: PipelineCache) {
    this.#gpu = gpu;
    this.#pipelines = pipelines;
  }

  /** All of these dispatches one after the other. What a refused call made is freed; that of others stays. */
  async enter(dispatches: readonly Dispatch[]): Promise<Entrant> {
    const others = new Set(this.#buffers.keys());
    try {
      const bound = this.#bind(dispatches);
      const single = await this.#ready(bound, 1);
      // The first run pays for what is made only once.
      await this.#pass(single);
      const once = await this.#pass(single);
      if (once >= MEASURED_MS) return { once, lap: () => this.#pass(single) };
      // A submit costs one run as much as it costs several: what they differ by is the work.
      const few = await this.#pass(await this.#ready(bound, FEW_REPEATS));
      const each = (few - once) / (FEW_REPEATS - 1);
      const repeats = Math.ceil(MEASURED_MS / Math.max(each, MEASURED_MS / MOST_REPEATS));
      const many = await this.#ready(bound, repeats);
      return { once, lap: async () => (await this.#pass(many)) / repeats };
    } catch (error) {
      for (const key of this.#buffers.keys()) if (!others.has(key)) this.#drop(key);
      throw error;
    }
  }

  /** Frees what its entrants have. */
  dispose(): void {
    for (const executable of this.#executables.splice(0)) executable.dispose();
    for (const key of this.#buffers.keys()) this.#drop(key);
  }

  async #ready(bound: readonly BoundDispatch[], repeats: number): Promise<Executable> {
    const all = Array.from({ length: repeats }, () => bound).flat();
    const executable = await Executable.create(this.#gpu, this.#pipelines, 'tuning', all);
    this.#executables.push(executable);
    return executable;
  }

  async #pass(executable: Executable): Promise<number> {
    const started = performance.now();
    await executable.run();
    await this.#gpu.finish();
    return performance.now() - started;
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

  #drop(key: string): void {
    this.#buffers.get(key)?.destroy();
    this.#buffers.delete(key);
  }
}
