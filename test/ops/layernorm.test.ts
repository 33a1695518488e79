import { describe, expect, it } from 'vitest';
import { layernorm as parallel } from '../../src/generated/kernels.ts';
import { Graph } from '../../src/graph/graph.ts';
import { layernorm } from '../../src/ops/layernorm.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { gelu, normalise } from './definitions.ts';

/** Values around 3, so that a variance that is not centred first loses digits. */
const shifted = (length: number, seed: number) => randomValues(length, seed).map((v) => v + 3);

const definition = (x: Float32Array, w: Float32Array, b: Float32Array, eps: number) =>
  Array.from({ length: x.length / w.length }, (_, r) =>
    normalise([...x.subarray(r * w.length, (r + 1) * w.length)], w, b, eps),
  ).flat();

const tolerance = {
  rtol: 2 ** -20,
  atol: 4e-6,
  why: 'x of size 4 is rounded by 2^-22, divided by a deviation of 0.5; mean and variance add as much',
};

describe.each([
  ['workgroup', false],
  ['serial', true],
] as const)('layernorm, %s', (_, cpu) => {
  // Columns below, at and above 64 lanes of 4; rows below, at and above 16 invocations; a prime.
  for (const [rows, cols] of [
    [1, 4],
    [15, 8],
    [16, 252],
    [17, 256],
    [101, 260],
    [2, 1280],
  ] as const)
    gpuTest(`${rows} x ${cols}`, async (gpu) => {
      const [x, w, b] = [shifted(rows * cols, 1), randomValues(cols, 2), randomValues(cols, 3)];
      const [y] = await runGraph(
        gpu,
        (g, feed) =>
          layernorm(g, feed('x', [rows, cols], x), feed('w', [cols], w), feed('b', [cols], b), { eps: 1e-6 }),
        { cpu },
      );
      expectClose('y', y ?? [], definition(x, w, b, 1e-6), tolerance);
    });

  gpuTest('a map, gelu, an eps that shows', async (gpu) => {
    const [x, w, b] = [shifted(3 * 5 * 16, 1), randomValues(16, 2), randomValues(16, 3)];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        layernorm(g, feed('x', [3, 5, 16], x), feed('w', [16], w), feed('b', [16], b), {
          eps: 0.1,
          activation: 'gelu',
        }),
      { cpu },
    );
    expectClose('y', y ?? [], definition(x, w, b, 0.1).map(gelu), tolerance);
  });

  gpuTest('equal columns give the bias', async (gpu) => {
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        layernorm(
          g,
          feed('x', [1, 8], new Float32Array(8).fill(2)),
          feed('w', [8], randomValues(8, 1)),
          feed('b', [8], new Float32Array(8).fill(0.5)),
          { eps: 1e-6 },
        ),
      { cpu },
    );
    expect([...(y ?? [])]).toEqual(new Array(8).fill(0.5));
  });
});

describe('layernorm', () => {
  // 65536 workgroups with barriers take SwiftShader ten seconds, so fewer are folded by hand.
  gpuTest('a grid folded into y', async (gpu) => {
    const [rows, cols] = [5, 8];
    const [x, w, b] = [shifted(rows * cols, 1), randomValues(cols, 2), randomValues(cols, 3)];
    const [y] = await runGraph(gpu, (g, feed) => {
      const operands = {
        x: feed('x', [rows, cols], x),
        weight: feed('w', [cols], w),
        bias: feed('b', [cols], b),
      };
      const y = g.tensor('y', [rows, cols]);
      g.record(parallel, { ...operands, y }, { rows, cols4: cols / 4, eps: 1e-6 }, { workgroups: [3, 2, 1] });
      return y;
    });
    expectClose('y', y ?? [], definition(x, w, b, 1e-6), tolerance);
  });

  it('folds more rows than one axis of the grid holds', () => {
    const g = new Graph('test');
    const w = g.tensor('w', [4]);
    layernorm(g, g.tensor('x', [70_001, 4]), w, w, { eps: 1e-6 });
    expect(g.finish().dispatches[0]?.workgroups).toEqual([35_001, 2, 1]);
  });

  it('names the operand whose shape is wrong', () => {
    const g = new Graph('test');
    const [x, w] = [g.tensor('x', [2, 8]), g.tensor('w', [12])];
    expect(() => layernorm(g, x, w, w, { eps: 1e-6 })).toThrow("layernorm: 'w' has shape [12], expected [8]");
  });
});
