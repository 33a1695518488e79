/** Runs single dispatches on buffers of its own, and times them. */
import { bufferBytes, bufferUsage, type Gpu } from '../../src/gpu/device.ts';
import { packParams, paramBytes } from '../../src/gpu/kernel.ts';
import { PipelineCache, variantKey } from '../../src/gpu/pipelines.ts';
import { readBuffer } from '../../src/gpu/readback.ts';
import { PassTimer } from '../../src/gpu/timing.ts';
import { type Dispatch, trafficOf } from '../../src/graph/graph.ts';
import { bytesOf } from '../../src/graph/tensor.ts';
import type { Host } from './host.ts';
import { Shelf } from './shelf.ts';

/**
 * What a time is. `cpu`: CPU time over the number of cores, for a software adapter: a busy machine adds nothing to it.
 * `timestamps`: the device's own around a pass. `wall`: from the submit until the queue says that it is done.
 */
export type Clock = 'cpu' | 'timestamps' | 'wall';

/** A dispatch that can be run again and again. */
export interface Probe {
  readonly kernel: string;
  readonly flops: number;
  /** Of all operands, each once. */
  readonly bytes: number;
  readonly compileMs: number;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: Dispatch['workgroups'];
  /** What it writes first. */
  readonly output: GPUBuffer;
  readonly outputBytes: number;
  /** How often it runs in one pass, so that what is timed is long against what timing costs. */
  repeats: number;
}

/** One pass shall take this long. */
const PASS_MS: Readonly<Record<Clock, number>> = { cpu: 6, timestamps: 5, wall: 20 };
const MOST_REPEATS = 2000;

export class Lab {
  readonly gpu: Gpu;
  readonly clock: Clock;
  readonly #host: Host;
  readonly #pipelines: PipelineCache;
  readonly #shelf: Shelf;

  /** @param clock the best that there is unless given */
  constructor(gpu: Gpu, host: Host, clock?: Clock) {
    this.gpu = gpu;
    this.#host = host;
    if (clock) this.clock = clock;
    else if (gpu.traits.cpu && host.cpuMs) this.clock = 'cpu';
    else this.clock = gpu.device.features.has('timestamp-query') ? 'timestamps' : 'wall';
    this.#pipelines = new PipelineCache(gpu);
    this.#shelf = new Shelf(gpu);
  }

  async prepare(dispatch: Dispatch): Promise<Probe> {
    const { kernel, tuning, params, operands, workgroups, flops } = dispatch;
    const start = performance.now();
    const { pipeline, layout } = await this.#pipelines.compile(kernel, tuning);
    const compileMs = performance.now() - start;
    const buffers = this.#shelf.place(dispatch);
    const entries: GPUBindGroupEntry[] = buffers.map((buffer, i) => {
      const tensor = operands[i];
      return { binding: i + 1, resource: { buffer, size: bufferBytes(tensor ? bytesOf(tensor) : 0) } };
    });
    if (kernel.params.length > 0) {
      const buffer = this.gpu.createFilled('bench.params', packParams(kernel, params), bufferUsage.UNIFORM);
      entries.unshift({ binding: 0, resource: { buffer, size: paramBytes(kernel) } });
    }
    const first = kernel.bindings.findIndex(({ writes }) => writes);
    const [output, written] = [buffers[first], operands[first]];
    if (!output || !written) throw new Error(`${kernel.name} writes nothing`);
    return {
      kernel: variantKey(kernel, tuning),
      flops,
      bytes: trafficOf(dispatch),
      compileMs,
      pipeline,
      group: this.gpu.device.createBindGroup({ label: kernel.name, layout, entries }),
      workgroups,
      output,
      outputBytes: bytesOf(written),
      repeats: 1,
    };
  }

  /** Runs it twice and decides from the second time how often it goes into a pass. @returns that time */
  async warmUp(probe: Probe): Promise<number> {
    await this.time(probe);
    const once = await this.time(probe);
    // A clock that cannot tell the time from 0 says so with 0 or less.
    probe.repeats = Math.max(
      1,
      Math.min(MOST_REPEATS, Math.round(PASS_MS[this.clock] / Math.max(once, 1e-4))),
    );
    return once;
  }

  /** Milliseconds of one run, by a pass of `probe.repeats`. */
  async time(probe: Probe): Promise<number> {
    const timer = this.clock === 'timestamps' ? new PassTimer(this.gpu, 1) : undefined;
    const start = await this.#now();
    this.gpu.submit(probe.kernel, (encoder) => {
      const pass = encoder.beginComputePass({ label: probe.kernel, ...timer?.writes(0) });
      pass.setPipeline(probe.pipeline);
      pass.setBindGroup(0, probe.group);
      for (let i = 0; i < probe.repeats; i++) pass.dispatchWorkgroups(...probe.workgroups);
      pass.end();
    });
    if (timer) return ((await timer.read())[0] ?? Number.NaN) / probe.repeats;
    await this.gpu.finish();
    return ((await this.#now()) - start) / probe.repeats;
  }

  /** What the last run left in the first output. */
  read({ output, outputBytes }: Probe): Promise<ArrayBuffer> {
    return readBuffer(this.gpu, output, outputBytes);
  }

  async #now(): Promise<number> {
    const { cpuMs, cores } = this.#host;
    return this.clock === 'cpu' && cpuMs ? (await cpuMs()) / cores : performance.now();
  }
}
