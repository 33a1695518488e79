/**
 * What the build learns from one shaders/*.wgsl file. `src/generated/kernels.ts` holds one constant a kernel,
 * whose type parameters name its operands, parameters and tunables: a wrong one does not compile.
 */
export interface Kernel<
  Operand extends string = string,
  Param extends string = string,
  Tunable extends string = string,
> {
  /** The file's stem; also the label of its pipelines. */
  readonly name: string;
  readonly code: string;
  /** Storage buffers in order: binding 1 and up (binding 0 is the uniform `params`). */
  readonly bindings: readonly { readonly name: Operand; readonly writes: boolean }[];
  /** Scalars of 4 bytes each, in the order of `struct Params`. */
  readonly params: readonly { readonly name: Param; readonly type: 'u32' | 'i32' | 'f32' }[];
  /** `override`s and module-scope `const` scalars that the caller may set, with their defaults. */
  readonly tunables: Readonly<Record<Tunable, TunableInfo>>;
  /** Device features that the WGSL enables. */
  readonly features: readonly GPUFeatureName[];
}

export interface TunableInfo {
  readonly kind: 'override' | 'const';
  readonly type: 'u32' | 'i32' | 'f32';
  readonly default: number;
}

/** Values for some of a kernel's tunables; the others keep their defaults. */
export type Tuning = Readonly<Record<string, number>>;

/** The kernel's text with its tuned `const`s written in; `override`s are left to the pipeline. */
export function specialise(kernel: Kernel, tuning: Tuning): string {
  let code = kernel.code;
  for (const [name, value] of Object.entries(tuning)) {
    const info = kernel.tunables[name];
    if (info?.kind !== 'const') continue;
    code = code.replace(
      new RegExp(`const ${name}:${info.type}=-?[\\d.]+[uif]?;`),
      `const ${name}:${info.type}=${value};`,
    );
  }
  return code;
}

/** The part of a tuning that WebGPU takes as pipeline constants. */
export function pipelineConstants(kernel: Kernel, tuning: Tuning): Record<string, number> {
  return Object.fromEntries(
    Object.entries(tuning).filter(([name]) => kernel.tunables[name]?.kind === 'override'),
  );
}

/** Bytes of a kernel's uniform block: whole rows of 16. */
export function paramBytes(kernel: Kernel): number {
  return Math.max(16, Math.ceil(kernel.params.length / 4) * 16);
}

/** Packs a kernel's parameters as its `struct Params` lays them out: scalars of 4 bytes, in order. */
export function packParams(kernel: Kernel, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(paramBytes(kernel));
  const view = new DataView(bytes);
  kernel.params.forEach(({ name, type }, i) => {
    const value = values[name];
    if (value === undefined || (type !== 'f32' && !Number.isInteger(value)))
      throw new TypeError(`kernel ${kernel.name}: parameter ${name} is ${value}, expected a ${type}`);
    if (type === 'f32') view.setFloat32(i * 4, value, true);
    else if (type === 'i32') view.setInt32(i * 4, value, true);
    else view.setUint32(i * 4, value, true);
  });
  return bytes;
}
