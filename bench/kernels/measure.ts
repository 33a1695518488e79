/** Measures the roofs of a device, then every kernel against them, in one run. The same in a page, in Node and in Deno. */

import type { Gpu } from '../../src/gpu/device.ts';
import { requestDevice } from '../../src/gpu/device.ts';
import type { Executable } from '../../src/gpu/executor.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { BufferPool } from '../../src/gpu/pool.ts';
import { Graph } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { compile } from '../../src/graph/program.ts';
import { bytesOf, sizeOf, type Tensor } from '../../src/graph/tensor.ts';
import { summarise } from '../measure.ts';
import { kernelCases, type Recorder } from './cases.ts';
import type { Ladder } from './ladder.ts';

export interface KernelRow {
  readonly op: string;
  readonly name: string;
  readonly version: string;
  /** The kernel that was dispatched. */
  readonly kernel: string;
  /** Median. */
  readonly ms: number;
  readonly min: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Of the nearer roof: the time that arithmetic or memory needs at least, over the time it took. */
  readonly ofRoof: number;
  /** Times as fast as version 0. */
  readonly gain: number | null;
  readonly compileMs: number;
}

export interface KernelReport {
  readonly adapter: Gpu['adapter'];
  readonly traits: Gpu['traits'];
  /** CPU time of the process over its cores, for a software adapter in Node or Deno: a busy machine adds nothing to it. */
  readonly clock: 'cpu' | 'timestamps' | 'wall';
  /** The highest medians of the run; each case is compared with the roofs of its own rounds. */
  readonly roofs: { readonly gflops: number; readonly gbps: number };
  readonly rows: readonly KernelRow[];
}

export interface KernelOptions {
  readonly rounds: number;
  /** Of the machine: a software adapter computes on all of them. */
  readonly cores: number;
  /** Cases whose name contains this. */
  readonly only: string;
  readonly large: boolean;
}

export async function measureKernels(
  source: GPU | undefined,
  ladder: Ladder,
  { rounds, cores, only, large }: KernelOptions,
): Promise<KernelReport> {
  const gpu = await requestDevice(source ? { gpu: source } : {});
  const lab = new Lab(gpu, cores);
  const roofs = await Roofs.prepare(lab, ladder);
  const rows: KernelRow[] = [];
  for (const { op, name, versions } of kernelCases(ladder, large)) {
    if (!`${op} ${name}`.includes(only)) continue;
    const prepared: (Prepared & { readonly version: string })[] = [];
    for (const [version, record] of Object.entries(versions))
      prepared.push({ version, ...(await lab.prepare(record)) });
    const times = await lab.race([...prepared, ...roofs.contestants], rounds);
    const { gflops, gbps } = roofs.rates(times.slice(prepared.length));
    const v0 = times[prepared.findIndex(({ version }) => version === 'v0')];
    for (const [i, { version, executable, kernel, flops, bytes, compileMs }] of prepared.entries()) {
      const { median, min } = summarise(times[i] ?? []);
      const floor = Math.max(flops / gflops, bytes / gbps) / 1e6;
      rows.push({
        op,
        name,
        version,
        kernel,
        ms: median,
        min,
        gflops: flops / median / 1e6,
        gbps: bytes / median / 1e6,
        ofRoof: floor / median,
        gain: v0 ? summarise(v0).median / median : null,
        compileMs,
      });
      executable.dispose();
    }
  }
  const { adapter, traits } = gpu;
  const report = { adapter, traits, clock: lab.clock, roofs: roofs.best, rows };
  gpu.device.destroy();
  return report;
}

interface Prepared {
  readonly executable: Executable;
  readonly kernel: string;
  readonly flops: number;
  readonly bytes: number;
  readonly compileMs: number;
}

class Lab {
  readonly gpu: Gpu;
  readonly clock: KernelReport['clock'];
  readonly #cores: number;
  readonly #pipelines: PipelineCache;
  readonly #pool: BufferPool;
  readonly #buffers = new Map<number, GPUBuffer[]>();

  constructor(gpu: Gpu, cores: number) {
    this.gpu = gpu;
    this.#cores = cores;
    const { process } = globalThis as { process?: NodeJS.Process };
    if (gpu.traits.cpu && process) this.clock = 'cpu';
    else this.clock = gpu.device.features.has('timestamp-query') ? 'timestamps' : 'wall';
    this.#pipelines = new PipelineCache(gpu);
    this.#pool = new BufferPool(gpu);
  }

  async prepare(record: Recorder): Promise<Prepared> {
    const g = new Graph('bench', this.gpu.traits);
    record(g);
    const recording = g.finish();
    const [dispatch] = recording.dispatches;
    if (!dispatch) throw new Error('nothing was recorded');
    const start = performance.now();
    await this.#pipelines.compile(dispatch.kernel, dispatch.tuning);
    const compileMs = performance.now() - start;
    const inputs = new Map<Tensor, GPUBuffer>();
    const bound = (tensor: Tensor) => {
      const known = inputs.get(tensor) ?? this.#input(tensor, inputs.size);
      inputs.set(tensor, known);
      return { buffer: known };
    };
    const workspace = { gpu: this.gpu, pipelines: this.#pipelines, pool: this.#pool };
    const { executable } = await compile(workspace, recording, plan(recording), bound);
    const bytes = [...new Set(dispatch.operands)].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    return { executable, kernel: dispatch.kernel.name, flops: dispatch.flops, bytes, compileMs };
  }

  /** Milliseconds of each contestant in each round, in turns; the first round only warms up. */
  async race(contestants: readonly Prepared[], rounds: number): Promise<number[][]> {
    const times = contestants.map((): number[] => []);
    for (let round = 0; round <= rounds; round++)
      for (const [i, { executable }] of contestants.entries()) {
        const ms = await this.#time(executable);
        if (round > 0) times[i]?.push(ms);
      }
    return times;
  }

  async #time(executable: Executable): Promise<number> {
    if (this.clock === 'timestamps') return (await executable.profile())[0]?.ms ?? Number.NaN;
    const start = this.#now();
    await executable.run();
    await this.gpu.device.queue.onSubmittedWorkDone();
    return this.#now() - start;
  }

  #now(): number {
    if (this.clock === 'wall') return performance.now();
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 / this.#cores;
  }

  /** Values around 0, the same for every tensor of a size; a buffer a place, for none may be bound twice. */
  #input(tensor: Tensor, place: number): GPUBuffer {
    const list = this.#buffers.get(bytesOf(tensor)) ?? [];
    this.#buffers.set(bytesOf(tensor), list);
    let buffer = list[place];
    if (!buffer) {
      buffer = this.gpu.createStorage(tensor.name, bytesOf(tensor));
      const values = Float32Array.from({ length: sizeOf(tensor) }, (_, i) => ((i * 7919) % 1009) / 504.5 - 1);
      this.gpu.write(buffer, values);
      list[place] = buffer;
    }
    return buffer;
  }
}

/** What the device can do at most. Measured again with every case, in turns: a machine that is busy is busy for both. */
class Roofs {
  readonly contestants: readonly Prepared[];
  readonly best = { gflops: 0, gbps: 0 };

  private constructor(contestants: readonly Prepared[]) {
    this.contestants = contestants;
  }

  static async prepare(lab: Lab, ladder: Ladder): Promise<Roofs> {
    const { cpu } = lab.gpu.traits;
    const groups = cpu ? 32 : 2048;
    const kernel = (name: string) => {
      const found = ladder[name];
      if (!found) throw new Error(`bench/kernels has no ${name}.wgsl`);
      return found;
    };
    const fma = (name: string, chains: number, steps: number) => (g: Graph) => {
      const iterations = Math.round((cpu ? 20e6 : 2e10) / (groups * 64 * chains * steps * 8));
      const y = g.tensor('y', [groups * 64, 4]);
      g.record(
        kernel(name),
        { y },
        { iterations, factor: 0.999, shift: 0.001 },
        { workgroups: [groups, 1, 1], flops: iterations * groups * 64 * chains * steps * 8 },
      );
    };
    const copy = (g: Graph) => {
      const length4 = (cpu ? 1 : 64) * 2 ** 16;
      const [x, y] = [g.external('x', [length4, 4]), g.tensor('y', [length4, 4])];
      g.record(kernel('roof_copy'), { x, y }, { length4 }, { workgroups: [groups, 1, 1] });
    };
    const contestants: Prepared[] = [];
    for (const record of [fma('roof_fma2', 2, 16), fma('roof_fma8', 8, 8), copy])
      contestants.push(await lab.prepare(record));
    return new Roofs(contestants);
  }

  /** Medians of the rounds in which these times were taken. */
  rates(times: readonly (readonly number[])[]): { gflops: number; gbps: number } {
    const rate = (amount: 'flops' | 'bytes', i: number) =>
      (this.contestants[i]?.[amount] ?? 0) / summarise(times[i] ?? []).median / 1e6;
    const rates = { gflops: Math.max(rate('flops', 0), rate('flops', 1)), gbps: rate('bytes', 2) };
    this.best.gflops = Math.max(this.best.gflops, rates.gflops);
    this.best.gbps = Math.max(this.best.gbps, rates.gbps);
    return rates;
  }
}
