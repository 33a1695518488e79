import { GpuError } from '../errors.ts';
import type { Gpu } from './device.ts';
import { type Kernel, paramBytes, pipelineConstants, specialise, type Tuning, textOf } from './kernel.ts';

/** GPUShaderStage.COMPUTE of the specification. */
const COMPUTE = 0x4;

/** A kernel with its tuning, compiled. */
export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/**
 * Compiled pipelines by kernel and tuning. Layouts are explicit and shared by binding pattern:
 * with `layout: 'auto'` browsers compile each pipeline again.
 */
export class PipelineCache {
  readonly #gpu: Gpu;
  readonly #pipelines = new Map<string, Promise<CompiledKernel>>();
  readonly #layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  readonly #modules = new Map<string, GPUShaderModule>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Compiles asynchronously, once. @throws GpuError with the kernel's name, and the compiler's messages or what it needs. */
  compile(kernel: Kernel, tuning: Tuning): Promise<CompiledKernel> {
    const key = variantKey(kernel, tuning);
    let compiled = this.#pipelines.get(key);
    if (!compiled) {
      compiled = this.#create(kernel, tuning, key);
      // The caller awaits it later; until then a failure must not count as unhandled.
      compiled.catch(() => {});
      this.#pipelines.set(key, compiled);
    }
    return compiled;
  }

  async #create(kernel: Kernel, tuning: Tuning, label: string): Promise<CompiledKernel> {
    const missing = kernel.features.filter((feature) => !this.#gpu.device.features.has(feature));
    if (missing.length > 0)
      throw new GpuError(
        `kernel ${label} needs ${missing.join(', ')}, but this device was requested without: add that to its requiredFeatures`,
      );
    const { group, pipeline: layout } = this.#layout(kernel);
    const module = this.#module(specialise(kernel, await textOf(kernel), tuning), label);
    try {
      this.#gpu.created.pipelines += 1;
      const constants = pipelineConstants(kernel, tuning);
      const pipeline = await this.#gpu.compile({
        label,
        layout,
        compute: { module, entryPoint: 'main', constants },
      });
      return { pipeline, layout: group };
    } catch (error) {
      this.#gpu.assertAlive();
      const info = await module.getCompilationInfo();
      const messages = info.messages.map(
        (message) => `${message.lineNum}:${message.linePos} ${message.message}`,
      );
      throw new GpuError(`kernel ${label} does not compile: ${[...messages, String(error)].join('\n')}`);
    }
  }

  #module(code: string, label: string): GPUShaderModule {
    let module = this.#modules.get(code);
    if (!module) {
      module = this.#gpu.judged(`kernel ${label}`, () =>
        this.#gpu.device.createShaderModule({ label, code }),
      );
      this.#modules.set(code, module);
    }
    return module;
  }

  #layout(kernel: Kernel) {
    const minBindingSize = kernel.params.length > 0 ? paramBytes(kernel) : 0;
    const key = `${minBindingSize} ${kernel.bindings.map((binding) => binding.writes)}`;
    let layout = this.#layouts.get(key);
    if (!layout) {
      const { device } = this.#gpu;
      const entries: GPUBindGroupLayoutEntry[] = kernel.bindings.map(({ writes }, i) => ({
        binding: i + 1,
        visibility: COMPUTE,
        buffer: { type: writes ? 'storage' : 'read-only-storage' },
      }));
      // wgpu (in Deno 2.9.5) keeps checking the size that a layout's first pipeline wanted (gfx-rs/wgpu#7359),
      // unless the layout says it.
      if (minBindingSize > 0)
        entries.unshift({ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', minBindingSize } });
      const group = device.createBindGroupLayout({ label: `bindings ${key}`, entries });
      const pipeline = device.createPipelineLayout({ label: `layout ${key}`, bindGroupLayouts: [group] });
      layout = { group, pipeline };
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/** The name of a kernel with its tuning: the cache's key and the label of its pipeline. */
export function variantKey(kernel: Kernel, tuning: Tuning): string {
  const tuned = Object.entries(tuning)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return tuned.length > 0 ? `${kernel.name}(${tuned.join(',')})` : kernel.name;
}
