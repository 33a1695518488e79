import { ShapeError } from '../errors.ts';
import type { Kernel, Precision, WeightStorage } from '../gpu/kernel.ts';
import { variantKey } from '../gpu/pipelines.ts';
import type { Parameter } from './parameter.ts';
import { type Derivative, type DifferentiableOp, Tape } from './tape.ts';
import { bytesOf, type Tensor } from './tensor.ts';

/** Workgroups in x, y and z; each at most 65535. */
export type Workgroups = readonly [number, number, number];

/** One kernel call: plain data, no GPU object in it. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly tuning: Readonly<Record<string, number>>;
  /** In the order of the kernel's bindings. */
  readonly operands: readonly Tensor[];
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: Workgroups;
  readonly flops: number;
  /** Where other kernels compute the same; one object for all dispatches of a call. */
  readonly choice?: Choice;
}

/** What a call's kernels were chosen from: see ops/variants.ts. */
export interface Choice {
  readonly sizeClass: string;
  /** Names, the default first. */
  readonly variants: readonly string[];
  /** The one that was taken, with all that it sets. */
  readonly taken: { readonly name: string };
}

/** The variant that is fastest on a device, by class of sizes; what is not named takes its default. */
export type TunedKernels = Readonly<Record<string, string>>;

/** What an op says of a dispatch besides operands and parameters. */
export interface DispatchOptions<Tunable extends string> {
  readonly workgroups: Workgroups;
  readonly tuning?: Readonly<Partial<Record<Tunable, number>>>;
  /** Multiply-adds count as two; element-wise work may be left out. */
  readonly flops?: number;
  readonly choice?: Choice;
}

/** A finished recording: what plan and executor work on. It can be printed, compared and replayed. */
export interface Recording {
  readonly name: string;
  readonly dispatches: readonly Dispatch[];
  readonly parameters: readonly Parameter[];
  /** Activations that outlive the run, by the names under which their owner binds buffers for them. */
  readonly outputs: ReadonlyMap<Tensor, string>;
}

/** What a recording may depend on besides shapes; see DeviceTraits. */
export interface GraphTraits {
  readonly subgroups: boolean;
  readonly cpu: boolean;
  /** Memory that a workgroup may have; what every device has (16 KiB) unless given. */
  readonly workgroupBytes?: number | undefined;
  /** How matrices are stored; f32 unless given. */
  readonly storage?: WeightStorage | undefined;
  /** What products multiply in; f32 unless given. */
  readonly compute?: Precision | undefined;
  readonly tuned?: TunedKernels | undefined;
}

const PORTABLE: GraphTraits = { subgroups: false, cpu: false };

/**
 * Records what is to be computed. Ops append dispatches; nothing touches the GPU.
 *
 * Where something is trained, ops also note their calls on a tape, and `backward` records their derivatives in reverse.
 * Through what is frozen and depends on nothing trained no gradient flows, and none is stored.
 */
export class Graph {
  readonly name: string;
  readonly traits: GraphTraits;
  readonly #dispatches: Dispatch[] = [];
  readonly #parameters = new Map<string, Parameter>();
  readonly #outputs = new Map<Tensor, string>();
  readonly #trained: (key: string) => boolean;
  readonly #tape = new Tape();

  /** @param trained which of a checkpoint's tensors are trained, by their names; none by default */
  constructor(
    name: string,
    traits: GraphTraits = PORTABLE,
    { trained = () => false }: { readonly trained?: (key: string) => boolean } = {},
  ) {
    this.name = name;
    this.traits = traits;
    this.#trained = trained;
  }

  /** A tensor that the recording writes. */
  tensor(name: string, shape: readonly number[], dtype: Tensor['dtype'] = 'f32'): Tensor {
    return { name, shape, dtype, kind: 'activation' };
  }

  /** A tensor whose buffer the owner of the recording binds: an input, or a result kept from another stage. */
  external(name: string, shape: readonly number[], dtype: Tensor['dtype'] = 'f32'): Tensor {
    return { name, shape, dtype, kind: 'external' };
  }

  /** Declares weights; asking again for the same name gives the same tensor. */
  parameter(
    name: string,
    shape: readonly number[],
    sources: Parameter['sources'],
    pack: Parameter['pack'],
  ): Tensor {
    return this.#declare({ name, shape, dtype: 'f32', kind: 'parameter' }, sources, pack);
  }

  /** Declares weights [..., inner, cols] that a product reads as `w`: stored as the traits say. */
  matrix(
    name: string,
    shape: readonly number[],
    sources: Parameter['sources'],
    pack: Parameter['pack'],
  ): Tensor {
    // What is trained keeps every bit.
    const storage = this.trains(sources) ? 'f32' : (this.traits.storage ?? 'f32');
    const matrix: Tensor = { name, shape, dtype: storage, kind: 'parameter' };
    if (storage !== 'q8') return this.#declare(matrix, sources, pack);
    const columns = shape.length === 3 ? [shape[0] ?? 1, shape[2] ?? 1] : shape.slice(-1);
    const scale: Tensor = { name: `${name}.scale`, shape: columns, dtype: 'f32', kind: 'parameter' };
    return this.#declare({ ...matrix, scale }, sources, pack);
  }

  #declare(tensor: Tensor, sources: Parameter['sources'], pack: Parameter['pack']): Tensor {
    const known = this.#parameters.get(tensor.name);
    if (known) return known.tensor;
    this.#parameters.set(tensor.name, { tensor, sources, pack });
    if (this.trains(sources)) this.#tape.watch(tensor);
    return tensor;
  }

  /**
   * Whether a parameter made of these tensors is trained.
   * @throws ShapeError where some are and others are not: such a parameter must be put together in the recording.
   */
  trains(sources: Parameter['sources']): boolean {
    const trained = sources.filter(({ key }) => this.#trained(key));
    if (trained.length > 0 && trained.length < sources.length)
      throw new ShapeError(
        `'${this.name}': '${trained[0]?.key}' is trained, and packed with tensors that are not: ${sources.map(({ key }) => key)}`,
      );
    return trained.length > 0;
  }

  /** Marks an activation that is read after the run, as a result or by a later stage that knows it by this name. */
  output(tensor: Tensor, as = tensor.name): Tensor {
    this.#outputs.set(tensor, as);
    return tensor;
  }

  /** Appends one kernel call. The kernel's own type makes a wrong operand, parameter or tunable a compile error. */
  record<Operand extends string, Param extends string, Tunable extends string>(
    kernel: Kernel<Operand, Param, Tunable>,
    operands: Readonly<Record<NoInfer<Operand>, Tensor>>,
    params: Readonly<Record<NoInfer<Param>, number>>,
    { workgroups, tuning, flops = 0, choice }: DispatchOptions<NoInfer<Tunable>>,
  ): void {
    if (workgroups.some((count) => count > 65535 || count < 1))
      throw new ShapeError(
        `${kernel.name}: grid [${workgroups}] must have 1 to 65535 workgroups on each axis`,
      );
    const defined: Record<string, number> = {};
    for (const [name, value] of Object.entries<number | undefined>(tuning ?? {}))
      if (value !== undefined) defined[name] = value;
    this.#dispatches.push({
      kernel,
      tuning: defined,
      operands: kernel.bindings.map(({ name }) => operands[name]),
      params,
      workgroups,
      flops,
      ...(choice && { choice }),
    });
  }

  /** Makes the loss be differentiated by an activation or external tensor. */
  watch(tensor: Tensor): Tensor {
    this.#tape.watch(tensor);
    return tensor;
  }

  /** Whether the loss is differentiated by this tensor, or through it to something that is trained. */
  needsGradient(tensor: Tensor): boolean {
    return this.#tape.needs(tensor);
  }

  /**
   * Notes a call, for `backward`, if a gradient flows through it.
   *
   * @param call what the derivative must know
   * @param y what the op returned
   * @param inputs what it was computed from
   */
  note<Call>(
    op: DifferentiableOp<Call>,
    call: Call,
    y: Tensor,
    inputs: readonly (Tensor | undefined)[],
  ): void {
    this.#tape.note(op, call, y, inputs);
  }

  /** The gradient of the loss by a tensor, as far as it is recorded. */
  gradientOf(tensor: Tensor): Tensor | undefined {
    return this.#tape.gradientOf(tensor);
  }

  /**
   * Adds to the gradient of a tensor, if it needs one.
   *
   * @param contribution gets the sum of what came before, if anything did, and returns the new sum, of the tensor's
   *   shape: most kernels add on the way
   */
  accumulate(tensor: Tensor, contribution: (sum: Tensor | undefined) => Tensor): void {
    this.#tape.accumulate(tensor, contribution);
  }

  /**
   * Appends the derivatives of everything noted so far through which a gradient came, last call first.
   * @throws ShapeError for a call whose derivative is not among these.
   */
  backward(derivatives: readonly Derivative[]): void {
    this.#tape.backward(this, derivatives);
  }

  finish(): Recording {
    return {
      name: this.name,
      dispatches: this.#dispatches,
      parameters: [...this.#parameters.values()],
      outputs: this.#outputs,
    };
  }
}

/** Floating-point operations of a whole recording. */
export function flopsOf(recording: Recording): number {
  return recording.dispatches.reduce((sum, dispatch) => sum + dispatch.flops, 0);
}

/** Bytes that a dispatch touches, each operand counted once. */
export function trafficOf(dispatch: Dispatch): number {
  return [...new Set(dispatch.operands)].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
}

/** A recording as text, a line a dispatch: for people, and for tests that compare two recordings. */
export function print(recording: Recording): string {
  return recording.dispatches
    .map(({ kernel, tuning, operands, params, workgroups }) => {
      const named = kernel.bindings.map(({ name }, i) => {
        const tensor = operands[i];
        return `${name}=${tensor?.name}[${tensor?.shape}]`;
      });
      const values = Object.entries(params).map(([name, value]) => `${name}=${value}`);
      return `${variantKey(kernel, tuning)} <${workgroups}> ${named.join(' ')} ${values.join(' ')}`;
    })
    .join('\n');
}
