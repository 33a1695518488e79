import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import type { Derivative } from '../../src/graph/tape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Recorder } from './recorder.ts';

interface Differentiated {
  readonly weight: readonly number[];
  readonly record: (g: Graph, w: Tensor) => Tensor;
  readonly derivative: Derivative;
  /** Of the gradient by w: version 0 is its plain variant. */
  readonly sizeClass: string;
}

/**
 * The gradient of an op by its weight, as the engine records it now and as version 0 did: the dispatch that multiplies.
 * What adds up its chunks afterwards is a fiftieth of the work, and not timed with it: the ladder is of kernels. The tuner
 * times all that a variant records.
 */
export function gradientVersions(of: Differentiated): Readonly<Record<'now' | 'v0', Recorder>> {
  const version = (change: Partial<GraphTraits>) => (g: Graph) => {
    const apart = new Graph('gradient', { ...g.traits, ...change });
    const y = of.record(apart, apart.watch(apart.external('w', of.weight)));
    const forward = apart.finish().dispatches.length;
    apart.accumulate(y, () => apart.external('dy', y.shape));
    apart.backward([of.derivative]);
    const [most] = apart
      .finish()
      .dispatches.slice(forward)
      .sort((a, b) => b.flops - a.flops);
    if (!most) throw new Error(`${of.sizeClass}: no gradient was recorded`);
    const { kernel, operands, params, workgroups, tuning, flops } = most;
    const named = kernel.bindings.map(({ name, writes }, i) => {
      const { name: label = name, shape = [], dtype } = operands[i] ?? {};
      return [name, writes ? g.tensor(label, shape, dtype) : g.external(label, shape, dtype)] as const;
    });
    g.record(kernel, Object.fromEntries(named), params, { workgroups, tuning, flops });
  };
  return { now: version({}), v0: version({ cpu: false, tuned: { [of.sizeClass]: 'plain' } }) };
}
