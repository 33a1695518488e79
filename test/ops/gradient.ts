import type { Graph, GraphTraits } from '../../src/graph/graph.ts';
import type { Derivative } from '../../src/graph/tape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { expectClose, randomValues, relativeError } from '../close.ts';
import { runGraph } from '../run-graph.ts';

/** An input of an op, at which its gradient is taken. */
export interface GradientInput {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Frozen inputs get no gradient, which is checked too. */
  readonly frozen?: boolean;
}

export interface GradientCase<Name extends string> {
  readonly inputs: Readonly<Record<Name, GradientInput>>;
  readonly record: (g: Graph, inputs: Readonly<Record<Name, Tensor>>) => Tensor;
  /** The op in f64, flat values in and out: its definition, not the kernel's algorithm. */
  readonly definition: (inputs: Readonly<Record<Name, Float64Array>>) => ArrayLike<number>;
  readonly derivatives: readonly Derivative[];
  readonly traits?: Partial<GraphTraits>;
  /** Relative error allowed; the 1e-3 unless there is a reason for less. */
  readonly limit?: number;
}

/** Central differences are taken at all elements up to this many, then at as many drawn by chance. */
const SAMPLES = 400;
const STEP = 1e-5;

/**
 * The gradient of `sum(c * op(inputs))`, for fixed random c, recorded and run on the GPU, against central differences of
 * the definition. Gradients are added to what was there: each is computed twice over, as if two ops read the input.
 */
export async function expectGradient<Name extends string>(gpu: GPU, test: GradientCase<Name>): Promise<void> {
  const names = Object.keys(test.inputs) as Name[];
  const trained = names.filter((name) => !test.inputs[name].frozen);
  const f64 = Object.fromEntries(
    names.map((name) => [name, Float64Array.from(test.inputs[name].values)]),
  ) as Record<Name, Float64Array>;
  const outputs = test.definition(f64).length;
  const cotangent = randomValues(outputs, 99);
  const weighted = () => {
    const y = test.definition(f64);
    let sum = 0;
    for (let i = 0; i < outputs; i++) sum += (cotangent[i] ?? 0) * (y[i] ?? 0);
    return sum;
  };

  const gradients = await runGraph(
    gpu,
    (g, feed) => {
      const fed = Object.fromEntries(
        names.map((name) => [name, feed(name, test.inputs[name].shape, test.inputs[name].values)]),
      ) as Record<Name, Tensor>;
      for (const name of trained) g.watch(fed[name]);
      for (const pass of [1, 2]) {
        const y = test.record(g, fed);
        const dy = feed(`c${pass}`, y.shape, cotangent);
        g.accumulate(y, () => dy);
      }
      g.backward(test.derivatives);
      for (const name of names)
        if (test.inputs[name].frozen && g.gradientOf(fed[name]))
          throw new Error(`'${name}' is frozen and got a gradient`);
      return trained.map((name) => {
        const gradient = g.gradientOf(fed[name]);
        if (!gradient) throw new Error(`'${name}' got no gradient`);
        return gradient;
      });
    },
    test.traits,
  );

  trained.forEach((name, i) => {
    const values = f64[name];
    const picked =
      values.length <= SAMPLES
        ? Array.from(values.keys())
        : Array.from(randomValues(SAMPLES, 7), (u) => Math.floor(((u + 1) / 2) * values.length));
    const expected = picked.map((at) => {
      const value = values[at] ?? 0;
      const sides = [STEP, -STEP].map((step) => {
        values[at] = value + step;
        return weighted();
      });
      values[at] = value;
      return ((sides[0] ?? 0) - (sides[1] ?? 0)) / STEP; // twice the gradient: two passes
    });
    const got = picked.map((at) => gradients[i]?.[at] ?? Number.NaN);
    const limit = test.limit ?? 1e-3;
    const error = relativeError(got, expected);
    const norm = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
    if (!(error <= limit))
      expectClose(`gradient by '${name}' (relative error ${error})`, got, expected, {
        rtol: 0,
        atol: limit * norm,
        why: `${limit} of the norm`,
      });
    if (!(error <= limit)) throw new Error(`gradient by '${name}': relative error ${error}, limit ${limit}`);
  });
}
