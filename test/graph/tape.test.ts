import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { type DifferentiableOp, derivativeOf } from '../../src/graph/tape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { recordAdd } from './toy.ts';

interface Call {
  readonly x: Tensor;
  readonly y: Tensor;
}
const DOUBLE: DifferentiableOp<Call> = { name: 'double' };

function double(g: Graph, x: Tensor, name: string): Tensor {
  const y = g.tensor(name, x.shape);
  recordAdd(g, x, x, y);
  g.note(DOUBLE, { x, y }, y, [x]);
  return y;
}

const doubleGrad = derivativeOf(DOUBLE, (g, { x }, dy) => {
  g.accumulate(x, (sum) => {
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    recordAdd(g, dy, sum ?? dy, dx);
    return dx;
  });
});

const writes = (g: Graph) => g.finish().dispatches.map(({ operands }) => operands.at(-1)?.name);
const source = (key: string) => ({ key, shape: [4] });
const pack = () => new Float32Array(4);

describe('the tape', () => {
  test('records derivatives in reverse, after all forward ops, planned like them', () => {
    const g = new Graph('chain');
    const x = g.watch(g.external('x', [4]));
    const z = double(g, double(g, x, 'y'), 'z');
    g.accumulate(z, () => g.external('dz', [4]));
    g.backward([doubleGrad]);
    const gradient = g.gradientOf(x);
    if (gradient) g.output(gradient);
    expect(writes(g)).toEqual(['y', 'z', 'grad(y)', 'grad(x)']);
    expect(plan(g.finish()).slotBytes).toEqual([16, 16]);
  });

  test('adds up the gradients of a tensor that two ops read', () => {
    const g = new Graph('fork');
    const x = g.watch(g.external('x', [4]));
    for (const name of ['y', 'z']) {
      const y = double(g, x, name);
      g.accumulate(y, () => g.external(`d${name}`, [4]));
    }
    g.backward([doubleGrad]);
    const [, second] = g.finish().dispatches.slice(2);
    expect(second?.operands.map(({ name }) => name)).toEqual(['dy', 'grad(x)', 'grad(x)']);
  });

  test('records nothing for what is frozen, or does not reach the loss', () => {
    const g = new Graph('frozen');
    double(g, g.external('frozen', [4]), 'y');
    double(g, g.watch(g.external('x', [4])), 'unused');
    g.backward([doubleGrad]);
    expect(writes(g)).toEqual(['y', 'unused']);
  });

  test('names the op whose derivative is missing', () => {
    const g = new Graph('incomplete');
    const y = double(g, g.watch(g.external('x', [4])), 'y');
    g.accumulate(y, () => g.external('dy', [4]));
    expect(() => g.backward([])).toThrow("'y' was made by double, whose derivative was not given");
  });
});

describe('trained parameters', () => {
  const training = () =>
    new Graph(
      'training',
      { subgroups: false, cpu: false, storage: 'q8' },
      { trained: (key) => key.startsWith('ppn.') },
    );

  test('need a gradient and keep every bit; frozen ones need none and are stored as asked', () => {
    const g = training();
    const trained = g.matrix('ppn.w', [4, 4], [source('ppn.w')], pack);
    const frozen = g.matrix('sam.w', [4, 4], [source('sam.w')], pack);
    expect([trained, frozen].map((w) => g.needsGradient(w))).toEqual([true, false]);
    expect([trained, frozen].map(({ dtype }) => dtype)).toEqual(['f32', 'q8']);
  });

  test('are not packed together with frozen ones', () => {
    expect(() => training().parameter('both', [8], [source('ppn.a'), source('sam.b')], pack)).toThrow(
      "'ppn.a' is trained, and packed with tensors that are not: ppn.a,sam.b",
    );
  });
});
