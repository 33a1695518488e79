import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { activateGrad } from '../../src/ops/activate-grad.ts';
import { addGrad } from '../../src/ops/add-grad.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { matmulGrad } from '../../src/ops/matmul-grad.ts';
import { expectClose, longTolerance, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu } from './definitions.ts';
import { expectGradient } from './gradient.ts';
import { GRADIENTS, gpuWithGradient } from './variant-traits.ts';

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

  // By x and bias there is nothing that depends on the variant.
  for (const name of GRADIENTS)
    gpuTest(`by w and x, by central differences, ${name}`, async (gpu) => {
      const [rows, inner, cols] = [70, 12, 8];
      await expectGradient(gpu, {
        inputs: {
          x: { shape: [rows, inner], values: randomValues(rows * inner, 1) },
          w: { shape: [inner, cols], values: randomValues(inner * cols, 2) },
        },
        record: (g, { x, w }) => matmul(g, x, w),
        definition: ({ x, w }) => {
          const y = new Float64Array(rows * cols);
          for (let i = 0; i < rows * inner * cols; i++) {
            const [row, k, n] = [Math.floor(i / cols / inner), Math.floor(i / cols) % inner, i % cols];
            y[row * cols + n] = (y[row * cols + n] ?? 0) + at(x, row * inner + k) * at(w, k * cols + n);
          }
          return y;
        },
        derivatives,
        traits: gpuWithGradient(name),
        limit: 1e-5,
      });
    });

  it('splits many rows over workgroups, as many as keep a GPU busy, and sums what they found', () => {
    const recorded = (rows: number, inner: number, cols: number) => {
      const g = new Graph('test', { cpu: false, subgroups: false });
      const [x, w] = [g.tensor('x', [rows, inner]), g.watch(g.tensor('w', [inner, cols]))];
      const y = matmul(g, x, w);
      g.accumulate(y, () => g.tensor('dy', y.shape));
      g.backward(derivatives);
      const [forward, ...backward] = g.finish().dispatches;
      expect(backward[0]?.flops).toBe(forward?.flops);
      return backward.map(({ kernel, workgroups }) => `${kernel.name} ${workgroups}`);
    };
    expect(recorded(4096, 256, 256)).toEqual(['matmul_grad_w_tile 4,4,32', 'sum_rows_split 256,1,1']);
    expect(recorded(4096, 64, 64)).toEqual(['matmul_grad_w_tile 1,1,64', 'sum_rows_split 128,1,1']);
    expect(recorded(65536, 2048, 2048)).toEqual(['matmul_grad_w_tile 32,32,1']);
    expect(recorded(64, 256, 256)).toEqual(['matmul_grad_w_tile 4,4,1']);
    expect(recorded(10, 256, 2048)).toEqual(['matmul_grad_w 128,1,1']);
  });
});

/** The gradients by w of as many passes, added up: each takes over what was before. */
async function byWeight(
  gpu: GPU,
  variant: string,
  [batch, rows, inner, cols]: readonly [batch: number, rows: number, inner: number, cols: number],
  passes: number,
): Promise<{ readonly got: Float32Array; readonly expected: Float64Array }> {
  const [x, dy] = [randomValues(batch * rows * inner, 1), randomValues(batch * rows * cols, 2)];
  const of = (...shape: number[]) => (batch > 1 ? [batch, ...shape] : shape);
  const [got = new Float32Array()] = await runGraph(
    gpu,
    (g, feed) => {
      const w = g.watch(feed('w', of(inner, cols), new Float32Array(batch * inner * cols)));
      for (let pass = 0; pass < passes; pass++) {
        const y = matmul(g, feed(`x${pass}`, of(rows, inner), x), w);
        const each = feed(`dy${pass}`, y.shape, dy);
        g.accumulate(y, () => each);
      }
      g.backward(derivatives);
      return g.gradientOf(w) ?? w;
    },
    gpuWithGradient(variant),
  );
  const expected = new Float64Array(batch * inner * cols);
  for (let entry = 0; entry < batch; entry++)
    for (let row = entry * rows; row < (entry + 1) * rows; row++)
      for (let k = 0; k < inner; k++)
        for (let n = 0; n < cols; n++) {
          const to = (entry * inner + k) * cols + n;
          expected[to] = (expected[to] ?? 0) + passes * (x[row * inner + k] ?? 0) * (dy[row * cols + n] ?? 0);
        }
  return { got, expected };
}

describe.each(GRADIENTS.map((name) => [name]))(
  'gradient of matmul by w, %s, against its definition',
  (name) => {
    // Around 16 rows of a step, 64 of a chunk and 512 of version 0's; 32 and 64 values of k, 64 columns; one row; primes.
    for (const size of [
      [1, 1, 4, 4],
      [1, 16, 32, 64],
      [1, 17, 28, 60],
      [1, 64, 36, 68],
      [1, 131, 64, 64],
      [1, 70, 68, 228],
      [1, 513, 68, 4],
      [3, 65, 12, 20],
    ] as const)
      gpuTest(size.join(' x '), async (gpu) => {
        const { got, expected } = await byWeight(gpu, name, size, 2);
        expectClose('dw', got, expected, longTolerance(2 * size[1]));
      });

    gpuTest('comes out the same, bit for bit, each time', async (gpu) => {
      const [first, second] = [1, 2].map(() => byWeight(gpu, name, [1, 500, 36, 68], 1));
      expect((await first)?.got).toEqual((await second)?.got);
    });
  },
);
