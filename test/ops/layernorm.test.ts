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
  ['shared lanes', false],
  ['serial', true],
] as const)('layernorm, %s', (_, cpu) => {
  // Columns: one to eight lanes, eight of them full (192), one group more; sixteen full (384), one group more, which adds up
  // eighths; half a workgroup, a whole one, as many as registers hold, one group more. Rows: below, at and above what 16
  // invocations or a workgroup's lanes have (128 of one lane, 16 of eight, 8 of sixteen), a workgroup partly empty, a prime.
  for (const [rows, cols] of [
    [1, 4],
    [129, 4],
    [15, 8],
    [11, 28],
    [16, 32],
    [17, 36],
    [33, 96],
    [7, 100],
    [16, 192],
    [9, 196],
    [16, 252],
    [17, 256],
    [101, 260],
    [8, 384],
    [9, 388],
    [5, 768],
    [3, 1280],
    [2, 2048],
    [3, 5000],
    [2, 6144],
    [2, 6148],
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
      const params = { rows, cols4: cols / 4, eps: 1e-6 };
      const oneRow = { LANES: 2, SHARE: 2, PER: 1 };
      g.record(parallel, { ...operands, y }, params, { workgroups: [3, 2, 1], tuning: oneRow });
      return y;
    });
    expectClose('y', y ?? [], definition(x, w, b, 1e-6), tolerance);
  });

  it('folds more rows than one axis of the grid holds', () => {
    const g = new Graph('test');
    const w = g.tensor('w', [1024]);
    layernorm(g, g.tensor('x', [140_001, 1024]), w, w, { eps: 1e-6 });
    expect(g.finish().dispatches[0]?.workgroups).toEqual([35_001, 2, 1]);
  });

  it('shares a row among as few lanes as keep it, at least those that read a line', () => {
    const shared = (cols: number) => {
      const g = new Graph('test');
      const w = g.tensor('w', [cols]);
      layernorm(g, g.tensor('x', [1, cols]), w, w, { eps: 1e-6 });
      const [dispatch] = g.finish().dispatches;
      const { SHARE, PER, LANES } = { ...dispatch?.tuning };
      return `${dispatch?.kernel.name} ${SHARE} x ${PER} of ${LANES}`;
    };
    expect([4, 32, 96, 192, 196, 256, 768, 1280, 6144].map(shared)).toEqual(
      ['1 x 1', '8 x 1', '8 x 3', '8 x 6', '16 x 4', '16 x 4', '32 x 6', '64 x 5', '256 x 6'].map(
        (lanes) => `layernorm ${lanes} of ${lanes.startsWith('256') ? 256 : 128}`,
      ),
    );
    expect(shared(6148)).toMatch('layernorm_serial');
  });

  it('names the operand whose shape is wrong', () => {
    const g = new Graph('test');
    const [x, w] = [g.tensor('x', [2, 8]), g.tensor('w', [12])];
    expect(() => layernorm(g, x, w, w, { eps: 1e-6 })).toThrow("layernorm: 'w' has shape [12], expected [8]");
  });
});
