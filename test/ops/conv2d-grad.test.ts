import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { conv2dGrad } from '../../src/ops/conv2d-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from './definitions.ts';
import { expectGradient } from './gradient.ts';
import { GRADIENTS, gpuWithGradient } from './variant-traits.ts';

interface Case {
  readonly map: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly cols: number;
  readonly stride: number;
  readonly padding: number;
}

/** The definition, in f64: each pixel of x is added to the outputs that it reaches. */
function convolve(
  x: Float64Array,
  w: Float64Array,
  { map: [height, width, channels], kernel: [kh, kw], cols, stride, padding }: Case,
): Float64Array {
  const outHeight = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kw) / stride) + 1;
  const y = new Float64Array(outHeight * outWidth * cols);
  for (let ky = 0; ky < kh; ky++)
    for (let kx = 0; kx < kw; kx++)
      for (let row = 0; row < height; row++)
        for (let col = 0; col < width; col++) {
          const [oy, ox] = [(row + padding - ky) / stride, (col + padding - kx) / stride];
          if (!Number.isInteger(oy) || !Number.isInteger(ox)) continue;
          if (oy < 0 || ox < 0 || oy >= outHeight || ox >= outWidth) continue;
          for (let c = 0; c < channels; c++) {
            const value = at(x, (row * width + col) * channels + c);
            const from = ((ky * kw + kx) * channels + c) * cols;
            const to = (oy * outWidth + ox) * cols;
            for (let n = 0; n < cols; n++) y[to + n] = (y[to + n] ?? 0) + value * at(w, from + n);
          }
        }
  return y;
}

const VARIANTS = [
  ...GRADIENTS.map((name) => [name, gpuWithGradient(name)] as const),
  ['block', { cpu: true, subgroups: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

const square = { kernel: [3, 3], stride: 1, padding: 1 } as const;

describe.each(VARIANTS)('gradient of conv2d, %s', (_, traits) => {
  // Around 4 pixels of a row and the tiles of 8 by 8 channels.
  for (const [name, each] of Object.entries<Case>({
    'one pixel': { ...square, map: [1, 1, 4], cols: 4 },
    'below the tiles': { ...square, map: [2, 3, 4], cols: 4 },
    'at the tiles': { ...square, map: [3, 4, 8], cols: 8 },
    'above the tiles': { ...square, map: [2, 5, 12], cols: 12 },
    primes: { ...square, map: [7, 5, 4], cols: 4 },
    'one by one': { kernel: [1, 1], stride: 1, padding: 0, map: [3, 3, 8], cols: 4 },
    'no padding': { kernel: [3, 3], stride: 1, padding: 0, map: [4, 5, 4], cols: 4 },
    'taps that share a tile, and columns past one': { ...square, map: [3, 6, 8], cols: 68 },
    'five by five': { kernel: [5, 5], stride: 1, padding: 2, map: [4, 6, 4], cols: 4 },
  }))
    gpuTest(name, async (gpu) => {
      const [height, width, channels] = each.map;
      const shape = [...each.kernel, channels, each.cols];
      await expectGradient(gpu, {
        inputs: {
          x: { shape: each.map, values: randomValues(height * width * channels, 1) },
          w: {
            shape,
            values: randomValues(
              shape.reduce((product, n) => product * n, 1),
              2,
            ),
          },
          bias: { shape: [each.cols], values: randomValues(each.cols, 3) },
        },
        record: (g, { x, w, bias }) => conv2d(g, x, w, { ...each, bias }),
        definition: ({ x, w, bias }) => convolve(x, w, each).map((v, i) => v + at(bias, i % each.cols)),
        derivatives: [conv2dGrad],
        traits,
        limit: 1e-5,
      });
    });

  gpuTest('chunks of rows, the last of which is short', async (gpu) => {
    const each: Case = { ...square, map: [5, 257, 4], cols: 4 };
    await expectGradient(gpu, {
      inputs: {
        x: { shape: each.map, values: randomValues(5 * 257 * 4, 1), frozen: true },
        w: { shape: [3, 3, 4, 4], values: randomValues(144, 2) },
      },
      record: (g, { x, w }) => conv2d(g, x, w, each),
      definition: ({ x, w }) => convolve(x, w, each),
      derivatives: [conv2dGrad],
      traits,
      limit: 1e-5,
    });
  });

  gpuTest('a residual, of fewer rows, which an activation does not touch', async (gpu) => {
    const each: Case = { ...square, map: [4, 3, 4], cols: 4 };
    await expectGradient(gpu, {
      inputs: {
        x: { shape: each.map, values: randomValues(48, 1), frozen: true },
        w: { shape: [3, 3, 4, 4], values: randomValues(144, 2), frozen: true },
        residual: { shape: [2, 3, 4], values: randomValues(24, 3) },
      },
      record: (g, { x, w, residual }) => conv2d(g, x, w, { ...each, residual, activation: 'relu' }),
      definition: ({ x, w, residual }) =>
        convolve(x, w, each).map((v, i) => Math.max(0, v) + at(residual, i % 24)),
      derivatives: [conv2dGrad],
      traits,
      limit: 1e-5,
    });
  });
});

describe('gradient of conv2d', () => {
  const [padding, stride] = [1, 1];

  gpuTest('by w, of a convolution with a stride', async (gpu) => {
    const each: Case = { kernel: [7, 7], stride: 4, padding: 3, map: [9, 10, 4], cols: 4 };
    await expectGradient(gpu, {
      inputs: {
        x: { shape: each.map, values: randomValues(360, 1), frozen: true },
        w: { shape: [7, 7, 4, 4], values: randomValues(784, 2) },
      },
      record: (g, { x, w }) => conv2d(g, x, w, each),
      definition: ({ x, w }) => convolve(x, w, each),
      derivatives: [conv2dGrad],
      limit: 1e-5,
    });
  });

  // Whole numbers, of which the largest in each column is 127: exact as f16 and as q8.
  for (const storage of ['f16', 'q8'] as const)
    gpuTest(`by x, through weights stored as ${storage}`, async (gpu) => {
      const each: Case = { ...square, map: [3, 2, 4], cols: 8 };
      const w = randomValues(288, 2).map((v, i) => (i < 8 ? 127 : Math.round(100 * v)));
      await expectGradient(gpu, {
        inputs: { x: { shape: each.map, values: randomValues(24, 1) } },
        record: (g, { x }) =>
          conv2d(
            g,
            x,
            g.matrix('w', [3, 3, 4, 8], [], () => w),
            each,
          ),
        definition: ({ x }) => convolve(x, Float64Array.from(w), each),
        derivatives: [conv2dGrad],
        traits: { cpu: false, storage },
        limit: 1e-5,
      });
    });

  it('records what is needed, counted, in chunks that fit a binding', () => {
    const g = new Graph('test', { cpu: false, subgroups: false }, { trained: () => true });
    const x = g.tensor('x', [256, 256, 256]);
    const w = g.matrix(
      'w',
      [3, 3, 256, 64],
      [{ key: 'w', shape: [64, 256, 3, 3] }],
      () => new Float32Array(),
    );
    const y = conv2d(g, x, w, { stride, padding });
    g.accumulate(y, () => g.tensor('dy', y.shape));
    g.backward([conv2dGrad]);
    const [forward, byW, ...rest] = g.finish().dispatches;
    expect([byW, ...rest].map((dispatch) => dispatch?.kernel.name)).toEqual([
      'conv2d_grad_w_tile',
      'sum_rows_split',
    ]);
    expect(byW?.flops).toBe(forward?.flops);
    expect(byW?.operands[2]?.shape).toEqual([15, 3, 3, 256, 64]);
  });

  it('says what it cannot differentiate', () => {
    const g = new Graph('test');
    const [x, w] = [g.watch(g.tensor('x', [8, 8, 4])), g.tensor('w', [3, 3, 4, 8])];
    const y = conv2d(g, x, w, { stride: 2, padding });
    g.accumulate(y, () => g.tensor('dy', y.shape));
    expect(() => g.backward([conv2dGrad])).toThrow("conv2d: the gradient by 'x' is there for stride 1");
  });
});
