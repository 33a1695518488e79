import { bufferUsage, type Gpu } from './device.ts';
import { type Kernel, packParams, type Tuning } from './kernel.ts';
import { Pace } from './pace.ts';
import { type PipelineCache, variantKey } from './pipelines.ts';
import { PassTimer } from './timing.ts';

/** One dispatch whose buffers are known. */
export interface BoundDispatch {
  /** What it computes, as the recording names it: the first output's name. */
  readonly label: string;
  readonly kernel: Kernel;
  readonly tuning: Tuning;
  readonly buffers: readonly GPUBufferBinding[];
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations, a multiply-add counted as two. */
  readonly flops: number;
  /** Bytes of all operands, each counted once. */
  readonly bytes: number;
}

interface Command {
  readonly dispatch: BoundDispatch;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

/** One line of a profile. `ms` is NaN where the device has no timestamp queries. */
export interface ProfileEntry {
  readonly name: string;
  readonly kernel: string;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
}

/** A list of dispatches with pipelines and bind groups made once: replaying it creates no GPU object. */
export class Executable {
  readonly #gpu: Gpu;
  readonly #label: string;
  readonly #commands: readonly Command[];
  readonly #dispatches: readonly BoundDispatch[];
  readonly #pace: Pace;
  readonly #params: GPUBuffer | undefined;

  private constructor(gpu: Gpu, label: string, commands: readonly Command[], params: GPUBuffer | undefined) {
    this.#gpu = gpu;
    this.#label = label;
    this.#commands = commands;
    this.#dispatches = commands.map(({ dispatch }) => dispatch);
    this.#pace = new Pace(gpu.traits.cpu);
    this.#params = params;
  }

  static async create(
    gpu: Gpu,
    pipelines: PipelineCache,
    label: string,
    dispatches: readonly BoundDispatch[],
  ) {
    const compiled = await Promise.all(
      dispatches.map(({ kernel, tuning }) => pipelines.compile(kernel, tuning)),
    );
    const { buffer, offsets, sizes } = packAllParams(gpu, label, dispatches);
    const commands = dispatches.map((dispatch, i): Command => {
      const { pipeline, layout } = compiled[i] as (typeof compiled)[number];
      const entries: GPUBindGroupEntry[] = dispatch.buffers.map((resource, at) => ({
        binding: at + 1,
        resource,
      }));
      if (buffer && dispatch.kernel.params.length > 0)
        entries.unshift({
          binding: 0,
          resource: { buffer, offset: offsets[i] as number, size: sizes[i] as number },
        });
      gpu.created.bindGroups += 1;
      const group = gpu.judged(dispatch.label, () =>
        gpu.device.createBindGroup({ label: dispatch.label, layout, entries }),
      );
      return { dispatch, pipeline, group };
    });
    return new Executable(gpu, label, commands, buffer);
  }

  /** Queues all dispatches: one pass and one submit, or several of bounded length for a long stage. */
  async run(
    options: { signal?: AbortSignal | undefined; onProgress?: ((done: number) => void) | undefined } = {},
  ): Promise<void> {
    const all = this.#commands.length;
    for (let done = 0, count = 0; done < all; done += count) {
      options.signal?.throwIfAborted();
      count = this.#pace.next(this.#dispatches, done);
      const started = performance.now();
      this.#gpu.submit(this.#label, (encoder) => {
        const pass = encoder.beginComputePass({ label: this.#label });
        for (const command of this.#commands.slice(done, done + count)) encode(pass, command);
        pass.end();
      });
      // A stage of several submits is long: waiting between them is what lets it be cancelled.
      if (count < all) {
        await this.#gpu.guard(this.#gpu.device.queue.onSubmittedWorkDone());
        this.#pace.learn(this.#dispatches.slice(done, done + count), performance.now() - started);
        // The end is its caller's to tell: this may be one stage of several.
        if (done + count < all) options.onProgress?.((done + count) / all);
      }
    }
  }

  /** Runs once with a pass a dispatch, timed by timestamp queries. */
  async profile(): Promise<ProfileEntry[]> {
    const commands = this.#commands;
    const timer = new PassTimer(this.#gpu, commands.length);
    for (const [i, command] of commands.entries())
      this.#gpu.submit(this.#label, (encoder) => {
        const pass = encoder.beginComputePass({ label: command.dispatch.label, ...timer.writes(i) });
        encode(pass, command);
        pass.end();
      });
    const times = await timer.read();
    return commands.map(({ dispatch }, i) => ({
      name: dispatch.label,
      kernel: variantKey(dispatch.kernel, dispatch.tuning),
      ms: times[i] ?? Number.NaN,
      flops: dispatch.flops,
      bytes: dispatch.bytes,
    }));
  }

  dispose(): void {
    this.#params?.destroy();
  }
}

function encode(pass: GPUComputePassEncoder, { dispatch, pipeline, group }: Command): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...dispatch.workgroups);
}

/** All parameters of a stage in one uniform buffer; equal blocks are stored once. */
function packAllParams(gpu: Gpu, label: string, dispatches: readonly BoundDispatch[]) {
  const align = gpu.device.limits.minUniformBufferOffsetAlignment;
  const blocks = new Map<string, { offset: number; bytes: ArrayBuffer }>();
  let end = 0;
  const placed = dispatches.map(({ kernel, params }) => {
    if (kernel.params.length === 0) return undefined;
    const bytes = packParams(kernel, params);
    const key = new Uint32Array(bytes).join();
    let block = blocks.get(key);
    if (!block) {
      block = { offset: end, bytes };
      blocks.set(key, block);
      end = Math.ceil((end + bytes.byteLength) / align) * align;
    }
    return block;
  });
  const offsets = placed.map((block) => block?.offset ?? 0);
  const sizes = placed.map((block) => block?.bytes.byteLength ?? 0);
  if (end === 0) return { buffer: undefined, offsets, sizes };
  const all = new Uint8Array(end);
  for (const { offset, bytes } of blocks.values()) all.set(new Uint8Array(bytes), offset);
  return { buffer: gpu.createFilled(`${label}.params`, all, bufferUsage.UNIFORM), offsets, sizes };
}
