import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { expectClose, longTolerance, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { type Feed, runGraph } from '../run-graph.ts';
import { gelu } from './definitions.ts';
import { gpuWith, PRODUCTS, SOFTWARE } from './variant-traits.ts';

/** The definition, in f64: sums over k of one element at a time. */
function product(x: Float32Array, w: Float32Array, rows: number, inner: number, cols: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const [row, col] = [Math.floor(at / cols), at % cols];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += (x[row * inner + k] as number) * (w[k * cols + col] as number);
    return sum;
  });
}

/** Each variant that GPUs or software adapters have. */
const VARIANTS = [...PRODUCTS.map((name) => [name, gpuWith(name)] as const), ...SOFTWARE] as const;

describe.each(VARIANTS)('matmul, %s', (variant, traits) => {
  const isSplit = variant.startsWith('split');
  // Below, at and above the tiles of 4 x 4 and 16 x 32, and the workgroups of 32 x 32, 64 x 32, 32 x 64, 64 x 64 and 64 x 128
  // (the last where they are many); one row; primes. Of k around a tile's 16 and what 32 and 64 lanes share out, 4 steps each,
  // and of the 128 that a lane keeps while 256 rows pass, or 64.
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
    [259, 140, 260],
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

  for (const inner of [64, 140]) {
    gpuTest(`bias, gelu, then a residual of fewer rows, ${inner} steps`, async (gpu) => {
      const [rows, cols] = [10, 8];
      const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
      const [b, r] = [randomValues(cols, 3), randomValues(5 * cols, 4)];
      const [y] = await runGraph(
        gpu,
        (g, feed) =>
          matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w), {
            bias: feed('b', [cols], b),
            activation: 'gelu',
            residual: feed('r', [5, cols], r),
          }),
        traits,
      );
      const expected = product(x, w, rows, inner, cols).map(
        (v, at) => gelu(v + (b[at % cols] as number)) + (r[at % 40] as number),
      );
      expectClose('y', y ?? [], expected, sumTolerance(inner, 2));
    });

    gpuTest(`independent products of a batched weight, ${inner} steps`, async (gpu) => {
      const [x, w, b] = [randomValues(3 * 2 * inner, 1), randomValues(3 * inner * 4, 2), randomValues(12, 3)];
      const [y] = await runGraph(
        gpu,
        (g, feed) =>
          matmul(g, feed('x', [3, 2, inner], x), feed('w', [3, inner, 4], w), { bias: feed('b', [3, 4], b) }),
        traits,
      );
      const expected = [0, 1, 2].flatMap((n) => [
        ...product(x.subarray(n * 2 * inner), w.subarray(n * 4 * inner), 2, inner, 4).map(
          (v, at) => v + (b[n * 4 + (at % 4)] as number),
        ),
      ]);
      expectClose('y', y ?? [], expected, longTolerance(inner));
    });
  }

  gpuTest('a row of NaN stays alone, though 84 steps end within a chunk', async (gpu) => {
    const [rows, inner, cols] = [7, 84, 12];
    const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
    x.fill(Number.NaN, 3 * inner, 4 * inner);
    const [y = new Float32Array()] = await runGraph(
      gpu,
      (g, feed) => matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w)),
      traits,
    );
    const others = (values: Iterable<number>) => [...values].filter((_, at) => Math.floor(at / cols) !== 3);
    expectClose('y', others(y), others(product(x, w, rows, inner, cols)), sumTolerance(inner));
  });
});

describe('matmul', () => {
  gpuTest('in three chunks of the inner axis: bias, gelu, then a residual of fewer rows', async (gpu) => {
    const [rows, inner, cols] = [1030, 772, 60];
    const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
    const [b, r] = [randomValues(cols, 3), randomValues(5 * cols, 4)];
    const traits = { cpu: false, subgroups: false };
    const record = (g: Graph, feed: Feed) =>
      matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w), {
        bias: feed('b', [cols], b),
        activation: 'gelu',
        residual: feed('r', [5, cols], r),
      });
    const g = new Graph('test', traits);
    record(g, (name, shape) => g.external(name, shape));
    expect(g.finish().dispatches.map(({ choice }) => choice?.taken.name)).toEqual([
      'tile 32 in 3',
      'tile 32 in 3',
    ]);
    const [y] = await runGraph(gpu, record, traits);
    const expected = product(x, w, rows, inner, cols).map(
      (v, at) => gelu(v + (b[at % cols] as number)) + (r[at % (5 * cols)] as number),
    );
    expectClose('y', y ?? [], expected, sumTolerance(inner, 2));
  });

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
    // Tiles that leave half of a large GPU idle.
    expect(names(1024, 3072, 768).slice(0, 3)).toEqual(['matmul_tile', 'tile 64x96 in 4', 'tile 64x96']);
    expect(names(1024, 768, 768)[1]).toBe('tile 64x96 in 3');
    expect(names(1024, 768, 3072)[1]).toBe('tile 64x96');
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
