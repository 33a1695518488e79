/** Attention over as many keys as the largest maps have, where every key counts alike; run in Deno. */
import { attention } from '../../src/ops/attention.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { expectClose, randomValues } from '../close.ts';
import { runGraph } from '../run-graph.ts';

/** Weights of 1 / keys, summed in f32 in any order. */
const MEAN = { rtol: 0, atol: 2e-5, why: 'a sum of up to 16384 shares, each rounded, of values up to 1' };

/** Rises from row to row, so that a sum that stops early is another number. */
const risingValues = (keys: number, dim: number) =>
  randomValues(keys * dim, 1).map((value, i) => value / 8 + Math.floor(i / dim) / keys);

function expectMean(y: Float32Array | undefined, v: Float32Array, rows: number, dim: number): void {
  const means = new Float64Array(dim);
  v.forEach((value, i) => {
    means[i % dim] = (means[i % dim] ?? 0) + value / (v.length / dim);
  });
  const expected = Float64Array.from({ length: rows * dim }, (_, i) => means[i % dim] ?? 0);
  expectClose('y', y ?? [], expected, MEAN);
}

type Run = (gpu: GPU) => Promise<void>;

const plain =
  (keys: number, dim: number): Run =>
  async (gpu) => {
    const v = risingValues(keys, dim);
    const [y] = await runGraph(gpu, (g, feed) => {
      const part = (name: string, values: Float32Array) => ({
        tensor: feed(name, [values.length / dim, dim], values),
        start: 0,
      });
      const options = { heads: 1, headDim: dim };
      const zeros = new Float32Array(keys * dim);
      return attention(g, part('q', randomValues(4 * dim, 2)), part('k', zeros), part('v', v), options);
    });
    expectMean(y, v, 4, dim);
  };

const relative =
  (side: number, dim: number): Run =>
  async (gpu) => {
    const rows = side * side;
    const v = risingValues(rows, dim);
    const [y] = await runGraph(gpu, (g, feed) => {
      const part = (name: string, values: Float32Array) => ({
        tensor: feed(name, [side, side, dim], values),
        start: 0,
      });
      const table = (name: string) => {
        const shape = [2 * side - 1, dim];
        return feed(name, shape, new Float32Array((shape[0] as number) * dim));
      };
      const [q, k] = [part('q', randomValues(rows * dim, 2)), part('k', new Float32Array(rows * dim))];
      const map = [side, side] as const;
      const options = { heads: 1, headDim: dim, map, window: map, relH: table('h'), relW: table('w') };
      return attentionRelpos(g, q, k, part('v', v), options);
    });
    expectMean(y, v, rows, dim);
  };

/** Heads of Hiera large and of the decoder; of ViT-B and of ViT-H. */
export const CASES: Readonly<Record<string, Run>> = {
  '4096 keys of 16': plain(4096, 16),
  '4096 keys of 96': plain(4096, 96),
  '16384 keys of 72': plain(16384, 72),
  '16384 keys of 96': plain(16384, 96),
  '65536 keys of 16': plain(65536, 16),
  'relative positions, 4096 keys of 64': relative(64, 64),
  'relative positions, 4096 keys of 80': relative(64, 80),
};
