import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { type Feed, runGraph } from '../run-graph.ts';
import { at, gelu } from './definitions.ts';
import { gpuWith, PRODUCTS, SOFTWARE } from './variant-traits.ts';

interface Case {
  readonly map: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly cols: number;
  readonly stride: number;
  readonly padding: number;
}

/** The definition, in f64: a padded copy of the map, then one output element at a time. */
function convolve(
  x: Float32Array,
  w: Float32Array,
  { map: [height, width, channels], kernel: [kh, kw], cols, stride, padding }: Case,
): Float64Array {
  const [tall, wide] = [height + 2 * padding, width + 2 * padding];
  const padded = new Float64Array(tall * wide * channels);
  for (let row = 0; row < height; row++)
    padded.set(
      x.subarray(row * width * channels, (row + 1) * width * channels),
      ((row + padding) * wide + padding) * channels,
    );
  const [outHeight, outWidth] = [Math.floor((tall - kh) / stride) + 1, Math.floor((wide - kw) / stride) + 1];
  const y = new Float64Array(outHeight * outWidth * cols);
  for (let oy = 0; oy < outHeight; oy++)
    for (let ox = 0; ox < outWidth; ox++)
      for (let n = 0; n < cols; n++) {
        let sum = 0;
        for (let ky = 0; ky < kh; ky++)
          for (let kx = 0; kx < kw; kx++)
            for (let c = 0; c < channels; c++)
              sum +=
                at(padded, ((oy * stride + ky) * wide + ox * stride + kx) * channels + c) *
                at(w, ((ky * kw + kx) * channels + c) * cols + n);
        y[(oy * outWidth + ox) * cols + n] = sum;
      }
  return y;
}

const values = ({ map, kernel, cols }: Case) =>
  [
    randomValues(map[0] * map[1] * map[2], 1),
    randomValues(kernel[0] * kernel[1] * map[2] * cols, 2),
  ] as const;

/** Products of two values in [-1, 1) have a deviation of 1/3, so the sums on the way grow to sqrt(terms) / 3. */
const tolerance = ({ map, kernel }: Case, scale = 1) => {
  const terms = kernel[0] * kernel[1] * map[2];
  return sumTolerance(terms, Math.max(scale, Math.sqrt(terms) / 3));
};

/** Each variant that GPUs or software adapters have. */
const VARIANTS = [
  ...PRODUCTS.filter((name) => !name.startsWith('split')).map((name) => [name, gpuWith(name)] as const),
  ...SOFTWARE,
] as const;

describe.each(VARIANTS)('conv2d, %s', (_, traits) => {
  const square = { kernel: [3, 3], stride: 1, padding: 1 } as const;
  for (const [name, each] of Object.entries<Case>({
    'one pixel': { ...square, map: [1, 1, 4], cols: 4 },
    'below the tile of 32 pixels by 32 channels': { ...square, map: [1, 31, 8], cols: 28 },
    'at the tile': { ...square, map: [4, 8, 4], cols: 32 },
    'above the tile': { ...square, map: [3, 11, 4], cols: 36 },
    'above the tile of 16 pixels and the workgroup of 64': { ...square, map: [13, 5, 8], cols: 64 },
    'above the tile of 32 pixels by 64 channels': { ...square, map: [5, 7, 12], cols: 68 },
    'enough tiles of 64 pixels by 128 channels': { ...square, map: [67, 33, 4], cols: 228 },
    'enough tiles of 64 pixels by 32 channels': { ...square, map: [67, 81, 4], cols: 68 },
    'a tile of 64 by 64, all of it': { ...square, map: [8, 8, 16], cols: 64 },
    primes: { ...square, map: [13, 7, 12], cols: 4 },
    'many channels': { ...square, map: [5, 3, 256], cols: 64 },
    'rows of the kernel that end within a chunk': { ...square, map: [5, 7, 60], cols: 12 },
    "Hiera's patch embedding": { map: [32, 20, 4], kernel: [7, 7], cols: 32, stride: 4, padding: 3 },
    'a stride that leaves a rest': { map: [10, 9, 4], kernel: [7, 7], cols: 8, stride: 4, padding: 3 },
    'a kernel that is not square, no padding': {
      map: [6, 5, 4],
      kernel: [2, 3],
      cols: 4,
      stride: 2,
      padding: 0,
    },
    'mostly padding': { map: [2, 1, 4], kernel: [3, 3], cols: 4, stride: 1, padding: 3 },
  }))
    gpuTest(name, async (gpu) => {
      const [x, w] = values(each);
      const [y] = await runGraph(
        gpu,
        (g, feed) =>
          conv2d(g, feed('x', each.map, x), feed('w', [...each.kernel, each.map[2], each.cols], w), each),
        traits,
      );
      expectClose('y', y ?? [], convolve(x, w, each), tolerance(each));
    });

  gpuTest('a pixel of NaN is seen by its neighbours alone', async (gpu) => {
    const each: Case = { ...square, map: [7, 9, 4], cols: 4 };
    const [x, w] = values(each);
    x.fill(Number.NaN, 4 * (3 * 9 + 8), 4 * (3 * 9 + 9));
    const [y = new Float32Array()] = await runGraph(
      gpu,
      (g, feed) => conv2d(g, feed('x', each.map, x), feed('w', [3, 3, 4, 4], w), each),
      traits,
    );
    const expected = convolve(x, w, each);
    const others = (from: ArrayLike<number>) => Array.from(from).filter((_, i) => !Number.isNaN(expected[i]));
    expect(others(expected).length).toBe(4 * (7 * 9 - 6));
    expectClose('y', others(y), others(expected), tolerance(each));
  });

  gpuTest('bias, gelu, then a residual of fewer rows', async (gpu) => {
    const each: Case = { ...square, map: [4, 5, 4], cols: 8 };
    const [x, w] = values(each);
    const [b, r] = [randomValues(8, 3), randomValues(10 * 8, 4)];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        conv2d(g, feed('x', each.map, x), feed('w', [3, 3, 4, 8], w), {
          bias: feed('b', [8], b),
          stride: 1,
          padding: 1,
          activation: 'gelu',
          residual: feed('r', [2, 5, 8], r),
        }),
      traits,
    );
    const expected = convolve(x, w, each).map((v, i) => gelu(v + at(b, i % 8)) + at(r, i % 80));
    expectClose('y', y ?? [], expected, tolerance(each, 2));
  });
});

describe('conv2d', () => {
  gpuTest('in chunks of the inner axis: bias, relu, then a residual of fewer rows', async (gpu) => {
    const each: Case = { map: [9, 7, 100], kernel: [3, 3], cols: 68, stride: 1, padding: 1 };
    const [x, w] = values(each);
    const [b, r] = [randomValues(68, 3), randomValues(21 * 68, 4)];
    const traits = { cpu: false, subgroups: false };
    const record = (g: Graph, feed: Feed) =>
      conv2d(g, feed('x', each.map, x), feed('w', [3, 3, 100, 68], w), {
        bias: feed('b', [68], b),
        stride: 1,
        padding: 1,
        activation: 'relu',
        residual: feed('r', [21, 68], r),
      });
    const g = new Graph('test', traits);
    record(g, (name, shape) => g.external(name, shape));
    expect(g.finish().dispatches.map(({ kernel, choice }) => [kernel.name, choice?.taken.name])).toEqual([
      ['conv2d_tile', 'tile 32 in 3'],
      ['matmul_join', 'tile 32 in 3'],
    ]);
    const [y] = await runGraph(gpu, record, traits);
    const expected = convolve(x, w, each).map(
      (v, i) => Math.max(0, v + at(b, i % 68)) + at(r, i % (21 * 68)),
    );
    expectClose('y', y ?? [], expected, tolerance(each, 2));
  });

  it('counts its multiply-adds and names the operands that do not fit', () => {
    const g = new Graph('test');
    const [x, w] = [g.tensor('x', [8, 8, 4]), g.tensor('w', [3, 3, 4, 8])];
    expect(conv2d(g, x, w, { stride: 1, padding: 1 }).shape).toEqual([8, 8, 8]);
    expect(g.finish().dispatches[0]?.flops).toBe(2 * 64 * 8 * 9 * 4);
    expect(() => conv2d(g, w, x, { stride: 1, padding: 1 })).toThrow(
      "conv2d: 'w' [3,3,4,8] with 'x' [8,8,4] does not fit",
    );
    expect(() => conv2d(g, g.tensor('small', [2, 2, 4]), w, { stride: 1, padding: 0 })).toThrow(
      'leaves no pixel',
    );
  });
});
