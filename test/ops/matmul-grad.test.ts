import { describe } from 'vitest';
import { activateGrad } from '../../src/ops/activate-grad.ts';
import { addGrad } from '../../src/ops/add-grad.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { matmulGrad } from '../../src/ops/matmul-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at, gelu } from './definitions.ts';
import { expectGradient } from './gradient.ts';

const activations = {
  relu: (v: number) => Math.max(v, 0),
  gelu,
  sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
};
const derivatives = [matmulGrad, activateGrad, addGrad];

describe('gradient of matmul', () => {
  for (const [batch, rows, inner, cols] of [
    [1, 1, 4, 4],
    [1, 7, 8, 12],
    [1, 18, 32, 8],
    [1, 68, 12, 20],
    [1, 513, 4, 20],
    [1, 1030, 12, 4],
    [4, 1, 8, 4],
    [3, 5, 4, 8],
  ] as const)
    gpuTest(`[${batch},${rows},${inner}] times [${inner},${cols}], bias, residual`, async (gpu) => {
      const biased = batch === 1 || rows === 1;
      const shape = batch > 1 ? [batch, rows, inner] : [rows, inner];
      await expectGradient(gpu, {
        inputs: {
          x: { shape, values: randomValues(batch * rows * inner, 1) },
          w: {
            shape: batch > 1 ? [batch, inner, cols] : [inner, cols],
            values: randomValues(batch * inner * cols, 2),
          },
          bias: {
            shape: batch > 1 ? [batch, cols] : [cols],
            values: randomValues(batch * cols, 3),
            frozen: !biased,
          },
          residual: { shape: [1, cols], values: randomValues(cols, 4) },
        },
        record: (g, { x, w, bias, residual }) => matmul(g, x, w, { bias, residual }),
        definition: ({ x, w, bias, residual }) =>
          Array.from({ length: batch * rows * cols }, (_, i) => {
            const [n, row] = [i % cols, Math.floor(i / cols)];
            const entry = Math.floor(row / rows);
            let sum = at(bias, entry * cols + n) + at(residual, n);
            for (let k = 0; k < inner; k++)
              sum += at(x, row * inner + k) * at(w, (entry * inner + k) * cols + n);
            return sum;
          }),
        derivatives,
      });
    });

  gpuTest('a weight of two products over many rows', async (gpu) => {
    const [rows, inner, cols] = [72, 8, 8];
    await expectGradient(gpu, {
      inputs: {
        x: { shape: [6, 12, inner], values: randomValues(rows * inner, 1) },
        w: { shape: [inner, cols], values: randomValues(inner * cols, 2) },
      },
      record: (g, { x, w }) => matmul(g, matmul(g, x, w), w),
      definition: ({ x, w }) => {
        const times = (left: ArrayLike<number>) =>
          Array.from({ length: rows * cols }, (_, i) => {
            let sum = 0;
            for (let k = 0; k < inner; k++)
              sum += at(left, Math.floor(i / cols) * inner + k) * at(w, k * cols + (i % cols));
            return sum;
          });
        return times(times(x));
      },
      derivatives,
    });
  });

  for (const activation of ['relu', 'gelu', 'sigmoid'] as const)
    gpuTest(`with ${activation} between product and residual`, async (gpu) => {
      const [rows, inner, cols] = [5, 8, 4];
      await expectGradient(gpu, {
        inputs: {
          x: { shape: [rows, inner], values: randomValues(rows * inner, 1) },
          w: { shape: [inner, cols], values: randomValues(inner * cols, 2) },
          residual: { shape: [rows, cols], values: randomValues(rows * cols, 4) },
        },
        record: (g, { x, w, residual }) => matmul(g, x, w, { activation, residual }),
        definition: ({ x, w, residual }) =>
          residual.map((value, i) => {
            const [n, row] = [i % cols, Math.floor(i / cols)];
            let sum = 0;
            for (let k = 0; k < inner; k++) sum += at(x, row * inner + k) * at(w, k * cols + n);
            return value + activations[activation](sum);
          }),
        derivatives,
      });
    });

  gpuTest('a frozen weight gets none', async (gpu) => {
    const [rows, inner, cols] = [3, 4, 8];
    await expectGradient(gpu, {
      inputs: {
        x: { shape: [rows, inner], values: randomValues(rows * inner, 1) },
        w: { shape: [inner, cols], values: randomValues(inner * cols, 2), frozen: true },
      },
      record: (g, { x, w }) => matmul(g, x, w),
      definition: ({ x, w }) =>
        Array.from({ length: rows * cols }, (_, i) => {
          let sum = 0;
          for (let k = 0; k < inner; k++)
            sum += at(x, Math.floor(i / cols) * inner + k) * at(w, k * cols + (i % cols));
          return sum;
        }),
      derivatives,
    });
  });
});
