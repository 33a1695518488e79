/** The fused decoder's ops on maps against f64, around each edge of their tiles; runs in Node and in Deno. */
import type { GraphTraits } from '../../src/graph/graph.ts';
import { chooseMask } from '../../src/ops/choose-mask.ts';
import { matmulNorm } from '../../src/ops/matmul-norm.ts';
import { matmulPlaced } from '../../src/ops/matmul-placed.ts';
import { matmulPool } from '../../src/ops/matmul-pool.ts';
import { upscaleMasks } from '../../src/ops/upscale-masks.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { runGraph } from '../run-graph.ts';
import { at, gelu, shuffled } from './definitions.ts';
import { chainTolerance, matrix, norms, plus, rowsOf, times } from './fused-definitions.ts';

type Traits = Partial<GraphTraits> & { readonly storage: NonNullable<GraphTraits['storage']> };
type Run = (gpu: GPU, traits: Traits) => Promise<void>;

const placed =
  (rows: number, inner: number, cols: number, first: number): Run =>
  async (gpu, traits) => {
    const [x, position] = [randomValues(rows * inner, 1), randomValues(rows * inner, 2)];
    const bias = randomValues(cols, 3);
    let w: Float64Array = new Float64Array();
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [inner, cols], 4);
        w = made.values;
        const map = feed('x', [rows, inner], x);
        const options = { bias: feed('bias', [cols], bias), placed: first, name: 'y' };
        return matmulPlaced(g, map, feed('position', [rows, inner], position), made.tensor, options);
      },
      traits,
    );
    const own = rowsOf(x, inner);
    const bare = plus(times(own, w, { stride: cols, cols }), bias);
    const moved = plus(times(plus(own, rowsOf(position, inner)), w, { stride: cols, cols }), bias);
    const expected = bare.flatMap((row, r) => row.map((v, c) => (c < first ? at(moved[r] ?? [], c) : v)));
    expectClose('y', y ?? [], expected, sumTolerance(inner + 2, 4));
  };

/** As many windows as a GPU has the kernel for; what an odd side leaves over is dropped. */
const pooled =
  (height: number, width: number, inner: number, cols: number): Run =>
  async (gpu, traits) => {
    const [x, bias] = [randomValues(height * width * inner, 1), randomValues(cols, 2)];
    let w: Float64Array = new Float64Array();
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [inner, cols], 3);
        w = made.values;
        const map = feed('x', [height, width, inner], x);
        return matmulPool(g, map, made.tensor, { bias: feed('bias', [cols], bias) });
      },
      traits,
    );
    const products = plus(times(rowsOf(x, inner), w, { stride: cols, cols }), bias);
    const [down, across] = [Math.floor(height / 2), Math.floor(width / 2)];
    const expected = Array.from({ length: down * across * cols }, (_, i) => {
      const [window, col] = [Math.floor(i / cols), i % cols];
      const corner = 2 * Math.floor(window / across) * width + 2 * (window % across);
      return Math.max(...[0, 1, width, width + 1].map((pixel) => at(products[corner + pixel] ?? [], col)));
    });
    expectClose('y', y ?? [], expected, sumTolerance(inner + 1, 3));
  };

const normed =
  (rows: number, inner: number, cols: number): Run =>
  async (gpu, traits) => {
    const [x, residual] = [randomValues(rows * inner, 1), randomValues(rows * cols, 2)];
    const vectors = randomValues(3 * cols, 3);
    let w: Float64Array = new Float64Array();
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [inner, cols], 4);
        w = made.values;
        return matmulNorm(g, feed('x', [rows, inner], x), made.tensor, {
          vectors: feed('vectors', [3 * cols], vectors),
          residual: feed('residual', [rows, cols], residual),
          eps: 1e-5,
          name: 'y',
        });
      },
      traits,
    );
    const sums = plus(
      plus(times(rowsOf(x, inner), w, { stride: cols, cols }), vectors),
      rowsOf(residual, cols),
    );
    const expected = norms(sums, vectors.subarray(cols), vectors.subarray(2 * cols), 1e-5).flat();
    expectClose('y', y ?? [], expected, chainTolerance([inner + 2, cols], 4));
  };

interface UpscaleCase {
  readonly channels?: number;
  readonly masks?: number;
  readonly skips?: boolean;
}

/** The map is part of a wider one, and there are more vectors than masks. */
const upscaled =
  (height: number, width: number, { channels = 32, masks = 4, skips = true }: UpscaleCase = {}): Run =>
  async (gpu, traits) => {
    const [stride, start, fine] = [4 * channels + 8, 4, channels / 2];
    const [middle, pixels] = [4 * height * width, 16 * height * width];
    const x = randomValues(height * width * stride, 1);
    const [stride8, stride4] = [randomValues(middle * channels, 2), randomValues(pixels * fine, 3)];
    const [vectors, hyper] = [randomValues(4 * channels, 4), randomValues((masks + 2) * fine, 5)];
    let w: Float64Array = new Float64Array();
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [channels, 2 * channels], 6);
        w = made.values;
        const maps = () => ({
          stride8: feed('stride8', [2 * height, 2 * width, channels], stride8),
          stride4: feed('stride4', [4 * height, 4 * width, fine], stride4),
        });
        return upscaleMasks(
          g,
          {
            x: { tensor: feed('x', [height, width, stride], x), start },
            ...(skips ? { skips: maps() } : {}),
            w: made.tensor,
            vectors: feed('vectors', [vectors.length], vectors),
            hyper: feed('hyper', [masks + 2, fine], hyper),
            masks,
            eps: 1e-6,
          },
          { name: 'y' },
        );
      },
      traits,
    );
    const columns = rowsOf(x, stride).flatMap((row) => row.slice(start, start + 4 * channels));
    let map = shuffled(columns, height, width, channels);
    if (skips) map = plus(map, rowsOf(stride8, channels));
    map = norms(map, vectors, vectors.subarray(channels), 1e-6).map((row) => row.map(gelu));
    const taps = plus(
      times(map, w, { stride: 2 * channels, cols: 2 * channels }),
      vectors.subarray(2 * channels),
    );
    let large = shuffled(taps.flat(), 2 * height, 2 * width, fine);
    if (skips) large = plus(large, rowsOf(stride4, fine));
    const rows = rowsOf(hyper, fine).slice(0, masks);
    const expected = rows.flatMap((vector) =>
      large.map((pixel) => pixel.reduce((sum, v, c) => sum + gelu(v) * at(vector, c), 0)),
    );
    expectClose('y', y ?? [], expected, chainTolerance([channels, channels, fine], 4));
  };

/** Mask 0 has this many logits of 1, 0 (within delta) and -1, in turns; the answers lie among other values. */
const chosen =
  (mode: 'single' | 'multi' | 'stable', pixels: number, uncertain: number, expectedFirst: number): Run =>
  async (gpu, traits) => {
    const masks = randomValues(4 * pixels, 1);
    for (let i = 0; i < pixels; i++) masks[(i * 7) % pixels] = i < uncertain ? 0 : 1;
    const answers = Float32Array.of(9, 9, 0.5, 0.7, 0.9, 0.9, 9, -2.5);
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const from = { tensor: feed('answers', [2, 4], answers), iou: 2, score: 7 };
        const {
          masks: own,
          ious,
          score,
        } = chooseMask(g, feed('masks', [4, 1, pixels], masks), from, { mode });
        return [own, ious, score];
      },
      traits,
    );
    const count = mode === 'multi' ? 3 : 1;
    const same = (what: string, actual: ArrayLike<number> | undefined, expected: ArrayLike<number>) =>
      expectClose(what, actual ?? [], expected, { rtol: 0, atol: 2 ** -149, why: 'copied' });
    same('masks', results[0], masks.subarray(expectedFirst * pixels, (expectedFirst + count) * pixels));
    same('ious', results[1], answers.subarray(2 + expectedFirst, 2 + expectedFirst + count));
    same('score', results[2], answers.subarray(7));
  };

/** 64 columns by 32 or 64 rows a workgroup; 16 rows; 32 pixels of the middle map; 4096 values. */
export const MAP_CASES: Readonly<Record<string, Run>> = {
  'matmulPlaced: 1 x 4 to 4': placed(1, 4, 4, 0),
  'matmulPlaced: 31 x 12 to 64': placed(31, 12, 64, 64),
  'matmulPlaced: 33 x 20 to 132': placed(33, 20, 132, 64),
  'matmulPlaced: 97 x 64 to 192': placed(97, 64, 192, 128),
  'matmulPlaced: 4099 x 4 to 128, in large tiles': placed(4099, 4, 128, 64),
  'matmulPool: 63 x 65 x 20 to 132': pooled(63, 65, 20, 132),
  'matmulPool: 130 x 64 x 4 to 96, in large tiles': pooled(130, 64, 4, 96),
  'matmulPool: 65 x 66 x 36 to 192': pooled(65, 66, 36, 192),
  'matmulNorm: 1 x 128 to 256': normed(1, 128, 256),
  'matmulNorm: 15 x 128 to 256': normed(15, 128, 256),
  'matmulNorm: 16 x 128 to 256': normed(16, 128, 256),
  'matmulNorm: 37 x 128 to 256': normed(37, 128, 256),
  'matmulNorm: 5 x 12 to 32': normed(5, 12, 32),
  'upscaleMasks: 1 x 1': upscaled(1, 1),
  'upscaleMasks: 2 x 4, a workgroup': upscaled(2, 4, { masks: 3 }),
  'upscaleMasks: 3 x 5': upscaled(3, 5),
  'upscaleMasks: 3 x 3, without skips': upscaled(3, 3, { skips: false, masks: 1 }),
  'upscaleMasks: 3 x 3 of 64 channels': upscaled(3, 3, { channels: 64 }),
  'chooseMask: single': chosen('single', 4, 4, 0),
  'chooseMask: multi, more than a strip': chosen('multi', 5464, 0, 1),
  'chooseMask: stable': chosen('stable', 5000, 100, 0),
  'chooseMask: unstable, the first of equal estimates': chosen('stable', 5000, 101, 2),
};
/** What reads matrices, once in each storage. */
export const STORED_MAP_CASES = [
  'matmulPlaced: 33 x 20 to 132',
  'matmulPool: 63 x 65 x 20 to 132',
  'matmulNorm: 5 x 12 to 32',
  'upscaleMasks: 3 x 3, without skips',
];
