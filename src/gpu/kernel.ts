import { notLoaded } from '../errors.ts';

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
  readonly code: KernelCode;
  /** What `storedAs` and `computedAs` make of a text that comes late. */
  readonly rewrite?: (text: string) => string;
  /** Storage buffers in order: binding 1 and up (binding 0 is the uniform `params`). */
  readonly bindings: readonly { readonly name: Operand; readonly writes: boolean }[];
  /** Scalars of 4 bytes each, in the order of `struct Params`. */
  readonly params: readonly { readonly name: Param; readonly type: 'u32' | 'i32' | 'f32' }[];
  /** `override`s and module-scope `const` scalars that the caller may set, with their defaults. */
  readonly tunables: Readonly<Record<Tunable, TunableInfo>>;
  /** Device features that the WGSL enables. */
  readonly features: readonly GPUFeatureName[];
}

/**
 * WGSL. A function where the text comes with a late chunk, when the kernel is first compiled: what only some devices run,
 * the others need not download.
 */
export type KernelCode = string | (() => Promise<string>);

export interface TunableInfo {
  readonly kind: 'override' | 'const';
  readonly type: 'u32' | 'i32' | 'f32';
  readonly default: number;
}

/** Values for some of a kernel's tunables; the others keep their defaults. */
export type Tuning = Readonly<Record<string, number>>;

/** The kernel's text. @throws UnsupportedError where it comes late and cannot be loaded */
export async function textOf({ name, code, rewrite }: Kernel): Promise<string> {
  if (typeof code === 'string') return code;
  const text = await code().catch((cause: unknown) => {
    throw notLoaded(`kernel ${name}`, cause);
  });
  return rewrite ? rewrite(text) : text;
}

function rewritten(
  { code, rewrite: first = (text) => text }: Kernel,
  rewrite: (text: string) => string,
): Pick<Kernel, 'code' | 'rewrite'> {
  return typeof code === 'string'
    ? { code: rewrite(code) }
    : { code, rewrite: (text) => rewrite(first(text)) };
}

/** A kernel's text with its tuned `const`s written in; `override`s are left to the pipeline. */
export function specialise(kernel: Kernel, text: string, tuning: Tuning): string {
  let code = text;
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

/** How the values of a matrix lie in memory: q8 is a signed byte each and a factor for each column. */
export type WeightStorage = 'f32' | 'f16' | 'q8';

const stored = new WeakMap<Kernel, Map<WeightStorage, Kernel>>();

/**
 * The kernel for matrices `w`, and `w2` where there is one, that are stored so, by the same source: they get the type,
 * and each read of them the function, that shaders/lib/stored.wgsl has for this storage.
 * @throws TypeError where the kernel has no such matrix.
 */
export function storedAs<K extends Kernel>(kernel: K, storage: WeightStorage): K {
  if (storage === 'f32') return kernel;
  const known = stored.get(kernel) ?? new Map<WeightStorage, Kernel>();
  stored.set(kernel, known);
  let variant = known.get(storage);
  if (!variant) {
    const { name } = kernel;
    const text = rewritten(kernel, (plain) => readStored(name, plain, storage));
    variant = { ...kernel, name: `${name}.${storage}`, ...text };
    known.set(storage, variant);
  }
  // Nothing but the name and the text differs.
  return variant as K;
}

/** What a product multiplies, and adds four of, or sixteen, before its sum goes on in f32. */
export type Precision = 'f32' | 'f16';

const computed = new WeakMap<Kernel, Kernel>();

/**
 * The kernel whose products are computed so, by the same source: see shaders/lib/product.wgsl.
 * @throws TypeError where the kernel does not multiply by it.
 */
export function computedAs<K extends Kernel>(kernel: K, precision: Precision = 'f32'): K {
  if (precision === 'f32') return kernel;
  let variant = computed.get(kernel);
  if (!variant) {
    const { name } = kernel;
    variant = {
      ...kernel,
      name: `${name}.half`,
      ...rewritten(kernel, (text) => inHalf(name, text)),
      features: [...kernel.features, 'shader-f16'],
    };
    computed.set(kernel, variant);
  }
  // Nothing but the name, the text and the features differs.
  return variant as K;
}

function inHalf(name: string, code: string): string {
  const halved = code.replace(/(?<=alias (?:factors|partial)=\w+<)f32/g, 'f16');
  if (halved === code) throw new TypeError(`kernel ${name} lacks lib/product`);
  const second = new Set([...code.matchAll(/fn (\w+)_f16\(/g)].map(([, first]) => first));
  const called = (call: string, first: string) => (second.has(first) ? `${first}_f16(` : call);
  return `enable f16;${halved.replace(/(?<!fn )\b(\w+)\(/g, called)}`;
}

function readStored(name: string, code: string, storage: WeightStorage): string {
  const typed = code.replace(/(var<storage,read>w2?:array<)\w+>/g, `$1stored_${storage}>`);
  if (typed === code || !code.includes(`fn from_${storage}(`))
    throw new TypeError(
      `kernel ${name} cannot read a matrix as ${storage}: it has no \`w\` or lacks lib/stored`,
    );
  // What is read early and decoded later: reads stay as they are.
  if (typed.includes('alias stored_w='))
    return typed.replace(/(?<!fn )\b(from|alias stored_w=stored)_f32/g, `$1_${storage}`);
  let text = '';
  let done = 0;
  for (const { index, 0: read } of typed.matchAll(/(?<![\w.])w2?\[/g)) {
    const end = closing(typed, index + read.length - 1);
    // Reads inside an index would have to be rewritten inside out: no kernel has one.
    if (index < done) throw new TypeError(`kernel ${name}: a read of \`w\` inside the index of another`);
    text += `${typed.slice(done, index)}from_${storage}(${typed.slice(index, end)})`;
    done = end;
  }
  return text + typed.slice(done);
}

/** One past the bracket that closes the one at `at`. */
function closing(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '[') depth += 1;
    if (text[i] === ']') depth -= 1;
    if (depth === 0) return i + 1;
  }
  throw new TypeError(`a bracket is not closed: ${text.slice(at, at + 40)}`);
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
