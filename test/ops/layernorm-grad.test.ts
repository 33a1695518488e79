import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { layernorm } from '../../src/ops/layernorm.ts';
import { layernormGrad } from '../../src/ops/layernorm-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { normalise } from './definitions.ts';
import { expectGradient } from './gradient.ts';

const rowsOf = (x: Float64Array, cols: number) =>
  Array.from({ length: x.length / cols }, (_, r) => [...x.subarray(r * cols, (r + 1) * cols)]);

describe.each([
  ['shared lanes', false],
  ['serial', true],
] as const)('gradient of layernorm, %s', (_, cpu) => {
  const traits = { cpu };
  // Rows below, at and above 16 invocations, the chunk of 64 and a workgroup's lanes; columns 4, a multiple of no tile, 256;
  // a row of eight lanes full and one group more, of as many as add up eighths, of more than registers hold.
  for (const [rows, cols, eps] of [
    [1, 4, 1e-6],
    [15, 8, 1e-5],
    [16, 20, 0.1],
    [17, 64, 1e-6],
    [64, 4, 1e-6],
    [67, 12, 1e-6],
    [2, 260, 1e-6],
    [9, 192, 1e-6],
    [3, 196, 1e-6],
    [5, 388, 1e-6],
    [1, 6148, 1e-6],
    [1030, 8, 1e-6],
  ] as const)
    gpuTest(`${rows} x ${cols}, eps ${eps}`, async (gpu) => {
      await expectGradient(gpu, {
        inputs: {
          x: { shape: [rows, cols], values: randomValues(rows * cols, 1).map((v) => v + 3) },
          weight: { shape: [cols], values: randomValues(cols, 2) },
          bias: { shape: [cols], values: randomValues(cols, 3) },
        },
        record: (g, { x, weight, bias }) => layernorm(g, x, weight, bias, { eps }),
        definition: ({ x, weight, bias }) =>
          rowsOf(x, cols).flatMap((row) => normalise(row, weight, bias, eps)),
        derivatives: [layernormGrad],
        traits,
        limit: 1e-4,
      });
    });

  gpuTest('of a map, with frozen weights', async (gpu) => {
    await expectGradient(gpu, {
      inputs: {
        x: { shape: [3, 5, 16], values: randomValues(240, 1) },
        weight: { shape: [16], values: randomValues(16, 2), frozen: true },
        bias: { shape: [16], values: randomValues(16, 3), frozen: true },
      },
      record: (g, { x, weight, bias }) => layernorm(g, x, weight, bias, { eps: 1e-6 }),
      definition: ({ x, weight, bias }) => rowsOf(x, 16).flatMap((row) => normalise(row, weight, bias, 1e-6)),
      derivatives: [layernormGrad],
      traits,
      limit: 1e-4,
    });
  });

  gpuTest('with frozen x', async (gpu) => {
    await expectGradient(gpu, {
      inputs: {
        x: { shape: [19, 20], values: randomValues(380, 1), frozen: true },
        weight: { shape: [20], values: randomValues(20, 2) },
        bias: { shape: [20], values: randomValues(20, 3) },
      },
      record: (g, { x, weight, bias }) => layernorm(g, x, weight, bias, { eps: 1e-6 }),
      definition: ({ x, weight, bias }) => rowsOf(x, 20).flatMap((row) => normalise(row, weight, bias, 1e-6)),
      derivatives: [layernormGrad],
      traits,
      limit: 1e-4,
    });
  });
});

describe('gradient of layernorm', () => {
  it('records no gradient by a frozen input, and none through an activation', () => {
    const g = new Graph('test');
    const [x, weight, bias] = [g.tensor('x', [2, 8]), g.watch(g.tensor('w', [8])), g.tensor('b', [8])];
    const y = layernorm(g, x, weight, bias, { eps: 1e-6 });
    g.accumulate(y, () => g.tensor('dy', y.shape));
    g.backward([layernormGrad]);
    expect(g.finish().dispatches.map(({ kernel }) => kernel.name)).toEqual([
      'layernorm',
      'layernorm_stats_split',
      'layernorm_grad_weight_split',
    ]);
    expect(() => layernorm(g, x, weight, bias, { eps: 1e-6, activation: 'gelu' })).toThrow(
      'no gradient flows through',
    );
  });
});
