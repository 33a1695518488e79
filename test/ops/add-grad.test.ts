import { describe } from 'vitest';
import { add } from '../../src/ops/add.ts';
import { addGrad } from '../../src/ops/add-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { expectGradient } from './gradient.ts';

describe('gradient of add', () => {
  for (const [shape, rows] of [
    [
      [3, 4],
      [3, 4],
    ],
    [
      [6, 8],
      [1, 8],
    ],
    [
      [2, 65, 4],
      [65, 4],
    ],
    [
      [130, 4],
      [1, 4],
    ],
  ] as const)
    gpuTest(`[${shape}] + [${rows}]`, async (gpu) => {
      const size = (of: readonly number[]) => of.reduce((product, n) => product * n, 1);
      await expectGradient(gpu, {
        inputs: {
          a: { shape, values: randomValues(size(shape), 1) },
          b: { shape: rows, values: randomValues(size(rows), 2) },
        },
        record: (g, { a, b }) => add(g, a, b),
        definition: ({ a, b }) => a.map((value, i) => value + (b[i % b.length] ?? 0)),
        derivatives: [addGrad],
      });
    });
});
