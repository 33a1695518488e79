import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { expectClose, longTolerance, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { gelu } from './definitions.ts';
import { gpuWith, PRODUCTS } from './variant-traits.ts';

/** The definition, in f64: sums over k of one element at a time. */
function product(x: Float32Array, w: Float32Array, rows: number, inner: number, cols: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const [row, col] = [Math.floor(at / cols), at % cols];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += (x[row * inner + k] as number) * (w[k * cols + col] as number);
    return sum;
  });
}

/** For GPUs each variant; for software adapters blocks, or quads that share loads. */
const VARIANTS = [
  ...PRODUCTS.map((name) => [name, gpuWith(name)] as const),
  ['block', { cpu: true, subgroups: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

describe.each(VARIANTS)('matmul, %s', (variant, traits) => {
  const isSplit = variant.startsWith('split');
  // Below, at and above the tiles of 4 x 4 and 16 x 32, and the workgroups of 32 x 32, 64 x 32, 32 x 64, 64 x 64 and 64 x 128
  // (the last where they are many); one row; primes. Of k around a tile's 16 and what 32 and 64 lanes share out, 4 steps each.
  for (const [rows, inner, cols] of [
    [1, 4, 4],
    [3, 8, 28],
    [4, 32, 32],
    [31, 12, 36],
    [32, 4, 32],
    [33, 256, 4],
    [16, 8, 64],
    [17, 8, 28],
    [97, 64, 68],
    [1, 124, 16],
    [5, 128, 20],
    [9, 2048, 36],
    [11, 260, 4],
    [64, 20, 132],
    [64, 16, 64],
    [523, 36, 980],
    [576, 16, 896],
    [2725, 60, 68],
  ] as const) {
    // Where there is little to share out the op has no such variant.
    if (isSplit && inner < 64) continue;
    gpuTest(`${rows} x ${inner} times ${inner} x ${cols}`, async (gpu) => {
      const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
      const [y] = await runGraph(
        gpu,
        (g, feed) => matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w)),
        traits,
      );
      expectClose('y', y ?? [], product(x, w, rows, inner, cols), longTolerance(inner));
    });
  }

  gpuTest('bias, gelu, then a residual of fewer rows', async (gpu) => {
    const [rows, inner, cols] = [10, 64, 8];
    const [x, w, b, r] = [1, 2, 3, 4].map((seed) => randomValues(640, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w.slice(0, 512)), {
          bias: feed('b', [cols], b.slice(0, cols)),
          activation: 'gelu',
          residual: feed('r', [5, cols], r.slice(0, 40)),
        }),
      traits,
    );
    const expected = product(x, w, rows, inner, cols).map(
      (v, at) => gelu(v + (b[at % cols] as number)) + (r[at % 40] as number),
    );
    expectClose('y', y ?? [], expected, sumTolerance(inner, 2));
  });

  gpuTest('independent products of a batched weight', async (gpu) => {
    const [x, w, b] = [randomValues(3 * 2 * 64, 1), randomValues(3 * 64 * 4, 2), randomValues(12, 3)];
    const [y] = await runGraph(
      gpu,
      (g, feed) =>
        matmul(g, feed('x', [3, 2, 64], x), feed('w', [3, 64, 4], w), { bias: feed('b', [3, 4], b) }),
      traits,
    );
    const expected = [0, 1, 2].flatMap((n) => [
      ...product(x.subarray(n * 128), w.subarray(n * 256), 2, 64, 4).map(
        (v, at) => v + (b[n * 4 + (at % 4)] as number),
      ),
    ]);
    expectClose('y', y ?? [], expected, sumTolerance(64));
  });
});

describe('matmul', () => {
  it('shares k out where a GPU would have few tiles, and where rows are few', () => {
    const names = (rows: number, inner: number, cols: number) => {
      const g = new Graph('test', { cpu: false, subgroups: false });
      matmul(g, g.tensor('x', [rows, inner]), g.tensor('w', [inner, cols]));
      const [dispatch] = g.finish().dispatches;
      return [dispatch?.kernel.name, ...(dispatch?.choice?.variants ?? [])];
    };
    const [narrow, wide] = [
      ['split 16', 'split 32'],
      ['split 32', 'split 16'],
    ];
    const few = ['tile 32', 'tile 64 8x4', 'plain'];
    expect(names(9, 2048, 256)).toEqual(['matmul_split', ...narrow, ...few]);
    expect(names(9, 256, 2048)).toEqual(['matmul_split', ...wide, ...few]);
    expect(names(256, 256, 128)).toEqual(['matmul_split', ...wide, ...few]);
    expect(names(9, 32, 256)).toEqual(['matmul', 'plain', 'tile 32']);
    const tiles = ['tile 32', 'tile 64 8x4', 'tile 64', 'plain'];
    expect(names(1024, 256, 256)).toEqual(['matmul_tile', ...tiles, 'split 32', 'split 16']);
  });

  it('takes the tile that rows and columns fill best', () => {
    const tiles = (rows: number, cols: number) => {
      const g = new Graph('test', { cpu: false, subgroups: false });
      matmul(g, g.tensor('x', [rows, 256]), g.tensor('w', [256, cols]));
      return g.finish().dispatches[0]?.choice?.variants.filter((name) => name !== 'plain');
    };
    const [lanes, wide] = [['tile 64', 'tile 64 8x4'], 'tile 64x128'];
    const by96 = ['tile 64x96', ...lanes, wide, 'tile 32'];
    expect(tiles(4096, 1536)).toEqual(by96);
    expect(tiles(4096, 384)).toEqual(by96);
    expect(tiles(65536, 96)).toEqual(by96);
    expect(tiles(1024, 4096)).toEqual([wide, ...lanes, 'tile 32']);
    expect(tiles(16384, 256)).toEqual([...lanes, wide, 'tile 32']);
    expect(tiles(65536, 448)).toEqual([...lanes, 'tile 32']);
    expect(tiles(4096, 320)).toEqual([...lanes.toReversed(), 'tile 32']);
    expect(tiles(65536, 32)).toEqual(['tile 64x32', ...lanes, 'tile 32']);
  });

  gpuTest('what lanes share out is added up in one order: the same bits each time', async (gpu) => {
    const [x, w] = [randomValues(9 * 2048, 1), randomValues(2048 * 36, 2)];
    const run = () =>
      runGraph(
        gpu,
        (g, feed) => matmul(g, feed('x', [9, 2048], x), feed('w', [2048, 36], w)),
        gpuWith('split 32'),
      );
    expect(await run()).toEqual(await run());
  });

  it('names both operands when the axes do not fit', () => {
    const g = new Graph('test');
    expect(() => matmul(g, g.tensor('x', [2, 8]), g.tensor('w', [12, 4]))).toThrow(
      "matmul: 'x' [2,8] times 'w' [12,4] does not fit",
    );
  });
});
