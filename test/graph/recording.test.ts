import { describe, expect, test } from 'vitest';
import { add } from '../../src/generated/kernels.ts';
import { flopsOf, Graph, print, trafficOf } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { chain, recordAdd } from './toy.ts';

describe('a recording', () => {
  test('prints a line a dispatch: kernel, grid, operands with shapes, parameters', () => {
    const { g } = chain([8, 8]);
    expect(print(g.finish()).split('\n')).toEqual([
      'add <1,1,1> a=x[8] b=x[8] y=y0[8] outputs4=2 period4=2',
      'add <1,1,1> a=y0[8] b=y0[8] y=y1[8] outputs4=2 period4=2',
    ]);
  });

  test('made twice prints the same; another shape, name or tuning prints something else', () => {
    const product = (rows: number, activation: 'none' | 'gelu' = 'none', name = 'y') => {
      const g = new Graph('product');
      matmul(g, g.external('x', [rows, 8]), g.external('w', [8, 4]), { activation, name });
      return print(g.finish());
    };
    expect(product(3)).toBe(product(3));
    expect(product(3)).not.toBe(product(4));
    expect(product(3)).not.toBe(product(3, 'none', 'z'));
    expect(product(3)).not.toBe(product(3, 'gelu'));
  });

  test('keeps operands in the order of the bindings, whatever the order of the names', () => {
    const g = new Graph('order');
    const [a, b, y] = ['a', 'b', 'y'].map((name) => g.tensor(name, [4])) as [Tensor, Tensor, Tensor];
    g.record(add, { y, b, a }, { period4: 1, outputs4: 1 }, { workgroups: [1, 1, 1] });
    expect(g.finish().dispatches[0]?.operands).toEqual([a, b, y]);
  });

  test('leaves tunables out that are undefined', () => {
    const g = new Graph('tuning');
    const x = g.external('x', [4]);
    g.record(
      add,
      { a: x, b: x, y: g.tensor('y', [4]) },
      { period4: 1, outputs4: 1 },
      { workgroups: [1, 1, 1], tuning: {} },
    );
    expect(g.finish().dispatches[0]?.tuning).toEqual({});
  });

  test.each([[[65_536, 1, 1]], [[1, 0, 1]]] as const)('refuses the grid %s', (workgroups) => {
    const g = new Graph('grid');
    const x = g.external('x', [4]);
    const record = () =>
      g.record(add, { a: x, b: x, y: g.tensor('y', [4]) }, { period4: 1, outputs4: 1 }, { workgroups });
    expect(record).toThrow('must have 1 to 65535 workgroups on each axis');
  });

  test('asking twice for a parameter gives one tensor, loaded once', () => {
    const g = new Graph('parameters');
    const ask = () =>
      g.parameter('w', [2], [{ key: 'w', shape: [2] }], ([values = new Float32Array()]) => values);
    expect(ask()).toBe(ask());
    expect(g.finish().parameters).toHaveLength(1);
  });

  test('sums its arithmetic, and counts each operand of a dispatch once', () => {
    const g = new Graph('cost');
    const x = g.external('x', [8]);
    recordAdd(g, x, x, g.tensor('y', [8]), 10);
    recordAdd(g, x, x, g.tensor('z', [8]), 5);
    const recording = g.finish();
    expect(flopsOf(recording)).toBe(15);
    expect(recording.dispatches.map(trafficOf)).toEqual([64, 64]);
  });
});
