import { ShapeError } from '../errors.ts';
import type { Graph } from './graph.ts';
import type { Tensor } from './tensor.ts';

/**
 * What a differentiable op is known by. Its forward file notes its calls under this name; its derivative, in a file of
 * its own beside it, is found by it. So inference carries no gradient kernel.
 */
export interface DifferentiableOp<Call> {
  readonly name: string;
  /** Never set: it ties a derivative to the calls that the forward notes. */
  readonly call?: Call;
}

/** How the gradient of an op is recorded. Made by `derivativeOf`. */
export interface Derivative {
  readonly op: DifferentiableOp<unknown>;
  readonly record: (g: Graph, call: unknown, dy: Tensor) => void;
}

/**
 * The derivative of an op.
 *
 * @param record gets the call that the forward noted and `dy`, the gradient of the loss by what the op returned, of its
 *   shape; for each input that needs one it hands the input's gradient to `g.accumulate`
 */
export function derivativeOf<Call>(
  op: DifferentiableOp<Call>,
  record: (g: Graph, call: Call, dy: Tensor) => void,
): Derivative {
  // The tape stores a call only with its own op: what comes back under this op is a Call.
  return { op, record: (g, call, dy) => record(g, call as Call, dy) };
}

interface Entry {
  readonly op: DifferentiableOp<unknown>;
  readonly call: unknown;
  readonly y: Tensor;
}

/** The calls through which a gradient flows, and the gradients found so far. */
export class Tape {
  readonly #needing = new Set<Tensor>();
  readonly #entries: Entry[] = [];
  readonly #gradients = new Map<Tensor, Tensor>();

  /** Whether the loss is differentiated by this tensor, or through it. */
  needs(tensor: Tensor): boolean {
    return this.#needing.has(tensor);
  }

  watch(tensor: Tensor): void {
    this.#needing.add(tensor);
  }

  note<Call>(
    op: DifferentiableOp<Call>,
    call: Call,
    y: Tensor,
    inputs: readonly (Tensor | undefined)[],
  ): void {
    if (!inputs.some((input) => input && this.#needing.has(input))) return;
    this.#needing.add(y);
    this.#entries.push({ op, call, y });
  }

  gradientOf(tensor: Tensor): Tensor | undefined {
    return this.#gradients.get(tensor);
  }

  accumulate(tensor: Tensor, contribution: (sum: Tensor | undefined) => Tensor): void {
    if (!this.#needing.has(tensor)) return;
    this.#gradients.set(tensor, contribution(this.#gradients.get(tensor)));
  }

  /** @throws ShapeError for a call of an op whose derivative is not among these. */
  backward(g: Graph, derivatives: readonly Derivative[]): void {
    const known = new Map(derivatives.map((derivative) => [derivative.op, derivative]));
    for (const { op, call, y } of this.#entries.splice(0).reverse()) {
      const dy = this.#gradients.get(y);
      if (!dy) continue;
      const derivative = known.get(op);
      if (!derivative)
        throw new ShapeError(
          `'${g.name}': '${y.name}' was made by ${op.name}, whose derivative was not given`,
        );
      derivative.record(g, call, dy);
    }
  }
}
