import type { Graph } from '../graph/graph.ts';
import type { Source } from '../graph/parameter.ts';
import type { Tensor } from '../graph/tensor.ts';

type Values = Float32Array;

/** A place in a checkpoint's tree of names: modules ask it for their weights by PyTorch's own names. */
export class Scope {
  readonly graph: Graph;
  readonly path: string;

  constructor(graph: Graph, path = '') {
    this.graph = graph;
    this.path = path;
  }

  /** The scope of a submodule, as in `scope.at('blocks.0')`. */
  at(child: string): Scope {
    return new Scope(this.graph, this.key(child));
  }

  key(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }

  source(name: string, shape: readonly number[]): Source {
    return { key: this.key(name), shape };
  }

  /** Weights as the checkpoint has them; `as` reinterprets the shape without moving a value. */
  tensor(name: string, shape: readonly number[], as: readonly number[] = shape): Tensor {
    return this.graph.parameter(
      this.key(name),
      as,
      [this.source(name, shape)],
      ([values = new Float32Array()]) => values,
    );
  }

  /** Weights in another layout, or computed from several tensors; `name` labels the result. */
  derived(
    name: string,
    shape: readonly number[],
    sources: readonly Source[],
    pack: (...values: Values[]) => Values,
  ): Tensor {
    return this.graph.parameter(this.key(name), shape, sources, (values) => pack(...values));
  }

  /** As `derived`, for the weights [..., inner, cols] of a product: stored as the graph's traits say. */
  matrix(
    name: string,
    shape: readonly number[],
    sources: readonly Source[],
    pack: (...values: Values[]) => Values,
  ): Tensor {
    return this.graph.matrix(this.key(name), shape, sources, (values) => pack(...values));
  }
}

/** [rows, cols] to [cols, rows]: PyTorch keeps Linear as [out, in], the product kernel reads [in, out]. */
export function transpose(values: Values, rows: number, cols: number): Values {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) result[col * rows + row] = values[row * cols + col] ?? 0;
  return result;
}

/** A transposed convolution of 2 x 2, as PyTorch keeps it, [inner, channels, 2, 2] to [inner, (dy, dx, channels)]. */
export function packTaps(values: Values, inner: number, channels: number): Values {
  const packed = new Float32Array(values.length);
  for (let i = 0; i < inner; i++)
    for (let o = 0; o < channels; o++)
      for (let tap = 0; tap < 4; tap++)
        packed[(i * 4 + tap) * channels + o] = values[(i * channels + o) * 4 + tap] ?? 0;
  return packed;
}

/** Arrays one after the other. */
export function concat(...parts: Values[]): Values {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
