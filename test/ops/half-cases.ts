/** Products whose factors are f16 against f64 of the rounded factors; run in Deno, whose adapter has shader-f16. */
import type { GraphTraits } from '../../src/graph/graph.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { f16Bytes, f32FromF16 } from '../../src/weights/half.ts';
import { encodeParameter } from '../../src/weights/parameters.ts';
import { expectClose, randomValues } from '../close.ts';
import { runGraph } from '../run-graph.ts';

type Storage = NonNullable<GraphTraits['storage']>;

interface Traits extends Partial<GraphTraits> {
  readonly storage: Storage;
  /** Products that are added in f16 before their sum goes on in f32: a tile's, or four. */
  readonly added: 16 | 4;
}
type Run = (gpu: GPU, traits: Traits) => Promise<void>;

/**
 * In parts of the sum of absolute products: each of four products is rounded to 11 bits, and so are their sums, three of
 * them; of sixteen that are multiplied and added at once each sum is. What f32 adds to it is a thousandth of that.
 */
const half = ({ added }: Traits) => ({
  rtol: 0,
  atol: (added + 0.1) * 2 ** -11,
  why: `${added} products and their sum in f16`,
});

function rounded(values: Float32Array): Float64Array {
  const bytes = f16Bytes(values, () => new Error('no f16'));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float64Array.from(values, (_, i) => f32FromF16(view.getUint16(2 * i, true)));
}

/** x [rows, inner] and w [inner, cols] as the kernel multiplies them: rounded, and apart from the factor of a column. */
async function product(
  gpu: GPU,
  traits: Traits,
  [rows, inner, cols]: readonly [number, number, number],
  x: Float32Array,
  values: Float32Array,
): Promise<void> {
  let [w, factors]: [Float64Array, ArrayLike<number>] = [rounded(values), []];
  const [y] = await runGraph(
    gpu,
    (g, feed) => {
      const matrix = g.matrix('w', [inner, cols], [], () => values);
      const [, [, made] = []] = encodeParameter(matrix, values) as [unknown, [unknown, Float32Array]?];
      if (made) {
        factors = made;
        const [[, data]] = encodeParameter(matrix, values) as [[unknown, Int8Array]];
        w = rounded(Float32Array.from(data, (q) => q / 127));
      }
      return matmul(g, feed('x', [rows, inner], x), matrix);
    },
    { ...traits, compute: 'f16' },
  );
  const a = rounded(x);
  const [actual, expected] = [new Float64Array(rows * cols), new Float64Array(rows * cols)];
  for (let at = 0; at < rows * cols; at++) {
    const [row, col] = [Math.floor(at / cols), at % cols];
    let [sum, size] = [0, 0];
    for (let k = 0; k < inner; k++) {
      const term = (a[row * inner + k] ?? 0) * (w[k * cols + col] ?? 0);
      sum += term;
      size += Math.abs(term);
    }
    actual[at] = (y?.[at] ?? Number.NaN) / (factors[col] ?? 1) / size;
    expected[at] = sum / size;
  }
  expectClose('y', actual, expected, half(traits));
}

const random =
  (rows: number, inner: number, cols: number): Run =>
  (gpu, traits) =>
    product(gpu, traits, [rows, inner, cols], randomValues(rows * inner, 1), randomValues(inner * cols, 2));

const constant = async (gpu: GPU, traits: Traits, inner: number, a: number, b: number) => {
  const [y] = await runGraph(
    gpu,
    (g, feed) => {
      const w = g.matrix('w', [inner, 4], [], () => new Float32Array(4 * inner).fill(b));
      // So many rows that every GPU's default is a tile, unless the inner axis is long.
      const rows = 64;
      return matmul(g, feed('x', [rows, inner], new Float32Array(rows * inner).fill(a)), w);
    },
    { ...traits, compute: 'f16' },
  );
  return y?.[0] ?? Number.NaN;
};

const equal = (actual: number, expected: number) => {
  if (!(Math.abs(actual - expected) <= 1e-6 * expected))
    throw new Error(`got ${actual}, expected ${expected}`);
};

/** By what is computed: throws where a result is not what the definition says. */
export const CASES: Readonly<Record<string, Run>> = {
  'one row': random(1, 4, 4),
  'past a tile': random(33, 64, 36),
  'past a tile of 64 rows, and of 16 steps': random(65, 36, 132),
  'tiles of 64 x 128': random(523, 20, 980),
  'tiles of 64 x 32': random(4033, 20, 68),
  'a long sum': random(9, 1280, 20),
  'sums go on in f32: f16 would stay at 8192': async (gpu, traits) =>
    equal(await constant(gpu, traits, 12288, 1, 1), 12288),
  'factors are f16: what they have no bits for is lost': async (gpu, traits) =>
    equal(await constant(gpu, traits, 64, 1 + 2 ** -12, 1), 64),
  'what f16 cannot hold so many of is cut off': async (gpu, traits) =>
    equal(await constant(gpu, traits, 4, 1e6, 2 ** -9), (4 * (64000 / traits.added)) / 512),
  'a convolution is the product it stands for': async (gpu, traits) => {
    const [channels, cols] = [8, 12];
    const [x, w] = [randomValues(25 * channels, 1), randomValues(channels * cols, 2)];
    const values = await runGraph(
      gpu,
      (g, feed) => {
        const map = feed('x', [5, 5, channels], x);
        const each = (shape: number[]) => g.matrix(`w${shape.length}`, shape, [], () => w);
        return [
          conv2d(g, map, each([1, 1, channels, cols]), { stride: 1, padding: 0 }),
          matmul(g, map, each([channels, cols])),
        ];
      },
      { ...traits, compute: 'f16' },
    );
    expectClose('conv2d', values[0] ?? [], values[1] ?? [0], {
      rtol: 1e-6,
      atol: 1e-6,
      why: 'the same sums',
    });
  },
};
