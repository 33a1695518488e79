import { add } from '../../src/generated/kernels.ts';
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';

/** y = a + b as one dispatch of real WGSL: enough of an op for tests of what is below the ops. */
export function recordAdd(g: Graph, a: Tensor, b: Tensor, y: Tensor, flops = 0): Tensor {
  const outputs4 = (y.shape[0] ?? 4) / 4;
  const params = { outputs4, period4: (b.shape[0] ?? 4) / 4 };
  g.record(add, { a, b, y }, params, { workgroups: [Math.ceil(outputs4 / 64), 1, 1], flops });
  return y;
}

/** A chain: y0 = x + x, y1 = y0 + y0, ...; the last one is the output `y`. */
export function chain(lengths: readonly number[], traits?: GraphTraits): { g: Graph; steps: Tensor[] } {
  const g = new Graph('chain', traits);
  let last = g.external('x', [lengths[0] ?? 4]);
  const steps = lengths.map((length, i) => {
    last = recordAdd(g, last, last, g.tensor(`y${i}`, [length]));
    return last;
  });
  g.output(last, 'y');
  return { g, steps };
}

/** The same numbers in [0, 1) for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39) >>> 0;
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}
