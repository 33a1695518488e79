import type { Gpu } from '../gpu/device.ts';
import type { Executable } from '../gpu/executor.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import { BufferPool } from '../gpu/pool.ts';
import { releaseReadbacks } from '../gpu/readback.ts';
import { type Recording, trafficOf } from '../graph/graph.ts';
import { type Plan, plan, sharedSlots } from '../graph/plan.ts';
import { compile } from '../graph/program.ts';
import { bytesOf, type Tensor } from '../graph/tensor.ts';
import { ParameterStore, parameterBytes } from '../weights/parameters.ts';

/** Programs kept for the next time: a person's clicks differ in the number of points. */
const KEPT_PROGRAMS = 24;
/** Small inputs differ in length from click to click: none of their buffers is made shorter than this. */
const SMALLEST_BUFFER = 4096;
/** A buffer that is longer than is needed is kept: it will be needed again. But not where it is longer by so much. */
const SPARE_BYTES = 2 ** 24;

interface Stage {
  readonly executable: Executable;
  /** Names of the buffers that it binds. */
  readonly names: ReadonlySet<string>;
  /** Tables that this recording brings along: they depend on no checkpoint. */
  readonly constants: ParameterStore;
  readonly unshared: number;
}

/** Runs recordings that meet by name: outputs of one stage are externals of the next, in buffers kept here. */
export class Stages {
  readonly gpu: Gpu;
  readonly parameters: ParameterStore;
  readonly #pipelines: PipelineCache;
  readonly #pool: BufferPool;
  readonly #named = new Map<string, GPUBuffer>();
  /** Ranges of buffers that somebody else owns, by the names of parameters and externals. */
  readonly #placed = new Map<string, GPUBufferBinding>();
  readonly #stages = new Map<string, Stage>();

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.parameters = new ParameterStore(gpu);
    this.#pipelines = new PipelineCache(gpu);
    this.#pool = new BufferPool(gpu);
  }

  /**
   * Starts compiling every kernel of these recordings, before the weights are there.
   * @returns when all are compiled; `onProgress` gets how many are.
   */
  async compileKernels(recordings: readonly Recording[], onProgress?: (done: number, total: number) => void) {
    const compiled = new Set(
      recordings.flatMap(({ dispatches }) =>
        dispatches.map(({ kernel, tuning }) => this.#pipelines.compile(kernel, tuning)),
      ),
    );
    let done = 0;
    await Promise.all(
      [...compiled].map(async (pipeline) => {
        await pipeline;
        done += 1;
        onProgress?.(done, compiled.size);
      }),
    );
  }

  /** Makes the pool that these recordings share, so that none is larger than it must be. */
  async reserve(recordings: readonly Recording[]): Promise<void> {
    this.#pool.take(sharedSlots(recordings.map(plan)));
    await this.gpu.settle();
  }

  /** Runs the recording known as `key`; `record` makes it the first time. */
  async run(
    key: string,
    record: () => Recording,
    options: { signal?: AbortSignal | undefined; onProgress?: ((done: number) => void) | undefined } = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const stage = this.#stages.get(key) ?? (await this.#prepare(record()));
    // Last used goes last: the first is the one to drop.
    this.#stages.delete(key);
    this.#stages.set(key, stage);
    const [oldest] = this.#stages.keys();
    if (this.#stages.size > KEPT_PROGRAMS && oldest !== undefined) this.#drop(oldest);
    await stage.executable.run(options);
  }

  /** Times each dispatch of a stage that has run. */
  async profile(key: string) {
    return (await this.#stages.get(key)?.executable.profile()) ?? [];
  }

  /** The buffer of a name, at least this long. Stages that used a shorter one are made anew. */
  buffer(name: string, bytes: number): GPUBuffer {
    const known = this.#named.get(name);
    if (known && known.size >= bytes) return known;
    this.#letGo(name);
    const buffer = this.gpu.createStorage(name, Math.max(bytes, SMALLEST_BUFFER));
    this.#named.set(name, buffer);
    return buffer;
  }

  /**
   * Destroys buffers that a much larger picture left, with the stages that bind them.
   *
   * @param needed bytes by name, without the number of those that are numbered
   */
  shrink(needed: Readonly<Record<string, number>>): void {
    const large = [...this.#named].filter(([name, { size }]) => {
      const bytes = needed[name.replace(/\.\d+$/, '')];
      return bytes !== undefined && size > bytes + SPARE_BYTES;
    });
    for (const [name] of large) this.#letGo(name);
    if (large.length > 0) releaseReadbacks(this.gpu);
  }

  /** Says where a parameter or external lies, in place of a buffer of its own: before any stage that reads it runs. */
  place(name: string, binding: GPUBufferBinding): void {
    this.#placed.set(name, binding);
  }

  get memory() {
    const named = [...this.#named.values()];
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const activations = this.#pool.bytes + sum(named.map(({ size }) => size));
    return {
      weights: this.parameters.bytes,
      planned: activations,
      unshared: sum([...this.#stages.values()].map(({ unshared }) => unshared)),
      largestBinding: Math.max(this.#pool.largest, this.parameters.largest, ...named.map(({ size }) => size)),
    };
  }

  /** After the device refused something: forgets every buffer but the weights and those of `kept`, which are sound. */
  recover(kept: readonly string[]): void {
    for (const key of [...this.#stages.keys()]) this.#drop(key);
    for (const [name, buffer] of this.#named)
      if (!kept.includes(name)) {
        buffer.destroy();
        this.#named.delete(name);
      }
    this.#pool.dispose();
    releaseReadbacks(this.gpu);
  }

  dispose(): void {
    this.recover([]);
    this.parameters.dispose();
  }

  async #prepare(recording: Recording): Promise<Stage> {
    // Weights are there since the model was loaded; what is missing are a picture size's own tables.
    const constants = new ParameterStore(this.gpu);
    const missing = recording.parameters.filter(
      ({ tensor }) => !this.#placed.has(tensor.name) && !this.parameters.bufferOf(tensor),
    );
    let executable: Executable | undefined;
    try {
      await constants.load(missing, new Map());
      const planned: Plan = plan(recording);
      const names = new Map<Tensor, string>(recording.outputs);
      for (const tensor of recording.dispatches.flatMap(({ operands }) => operands))
        if (tensor.kind === 'external' && !this.#placed.has(tensor.name)) names.set(tensor, tensor.name);
      // All buffers exist before any is bound: making one longer drops the stages that bind it.
      for (const [tensor, name] of names) this.buffer(name, bytesOf(tensor));
      const workspace = { gpu: this.gpu, pipelines: this.#pipelines, pool: this.#pool };
      const program = await compile(workspace, recording, planned, (tensor) => {
        const name = names.get(tensor);
        const buffer =
          name !== undefined
            ? this.#named.get(name)
            : (this.parameters.bufferOf(tensor) ?? constants.bufferOf(tensor));
        return buffer ? { buffer } : this.#placed.get(tensor.name);
      });
      executable = program.executable;
      await this.gpu.settle();
      return { executable, names: new Set(names.values()), constants, unshared: planned.totalBytes };
    } catch (error) {
      executable?.dispose();
      constants.dispose();
      throw error;
    }
  }

  #letGo(name: string): void {
    for (const [key, { names }] of this.#stages) if (names.has(name)) this.#drop(key);
    this.#named.get(name)?.destroy();
    this.#named.delete(name);
  }

  #drop(key: string): void {
    const stage = this.#stages.get(key);
    stage?.executable.dispose();
    stage?.constants.dispose();
    this.#stages.delete(key);
  }
}

/** Arithmetic and memory of a set of recordings: known without a device. */
export function costOf(recordings: readonly Recording[]) {
  const plans = recordings.map(plan);
  const dispatches = recordings.flatMap((recording) => recording.dispatches);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const parameters = new Map(
    recordings.flatMap(({ parameters }) => parameters.map(({ tensor }) => [tensor.name, tensor])),
  );
  const outputs = new Map(
    recordings.flatMap(({ outputs }) => [...outputs].map(([tensor, name]) => [name, tensor])),
  );
  return {
    dispatches: dispatches.length,
    flops: sum(dispatches.map(({ flops }) => flops)),
    bytes: sum(dispatches.map(trafficOf)),
    weights: sum([...parameters.values()].map(parameterBytes)),
    peak: sum(sharedSlots(plans)) + sum([...outputs.values()].map(bytesOf)),
    unshared: sum(plans.map(({ totalBytes }) => totalBytes)),
    largestBinding: Math.max(
      ...plans.map(({ largestBytes }) => largestBytes),
      ...[...parameters.values()].map(bytesOf),
    ),
  };
}
