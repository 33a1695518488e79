/** Products over stored matrices against f64 of what their bytes say; runs in Node and in Deno. */
import type { GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { f32FromF16 } from '../../src/weights/half.ts';
import { encodeParameter } from '../../src/weights/parameters.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { runGraph } from '../run-graph.ts';

export const STORAGES = ['f32', 'f16', 'q8'] as const;
type Traits = Partial<GraphTraits> & { readonly storage: (typeof STORAGES)[number] };

/** What the bytes of a matrix mean, in f64: q / 127 times the factor of its column. */
export function decoded(tensor: Tensor, values: Float32Array): Float64Array {
  const [[, data], [, factors] = []] = encodeParameter(tensor, values) as [
    [Tensor, ArrayBufferView],
    [Tensor, Float32Array]?,
  ];
  if (tensor.dtype === 'f32') return Float64Array.from(values);
  if (tensor.dtype === 'f16') {
    const view = new DataView(data.buffer, data.byteOffset);
    return Float64Array.from(values, (_, i) => f32FromF16(view.getUint16(2 * i, true)));
  }
  const bytes = new Int8Array(data.buffer, data.byteOffset);
  const cols = tensor.shape.at(-1) ?? 1;
  const matrix = tensor.shape.length === 3 ? values.length / (tensor.shape[0] ?? 1) : values.length;
  return Float64Array.from(
    bytes,
    (q, i) => (q / 127) * (factors?.[Math.floor(i / matrix) * cols + (i % cols)] ?? Number.NaN),
  );
}

/** [batch, rows, inner, cols] */
const SIZES = [
  [1, 1, 4, 4],
  [1, 33, 64, 36],
  [1, 17, 12, 28],
  [1, 9, 260, 20],
  [1, 65, 36, 132],
  [1, 523, 20, 980],
  [1, 4033, 20, 68],
  [3, 2, 8, 4],
  // In chunks of the inner axis, the last of which is shorter.
  [16, 33, 532, 20],
] as const;

/** By what is computed: throws where a result is not what the definition says. */
export const CASES: Readonly<Record<string, (gpu: GPU, traits: Traits) => Promise<void>>> = {
  ...Object.fromEntries(
    SIZES.map((size) => [
      `matmul ${size.join(' x ')}`,
      (gpu: GPU, traits: Traits) => product(gpu, traits, size),
    ]),
  ),
  conv2d: convolution,
};

async function product(
  gpu: GPU,
  traits: Traits,
  [batch, rows, inner, cols]: (typeof SIZES)[number],
): Promise<void> {
  const x = randomValues(batch * rows * inner, 1);
  const b = randomValues(batch * cols, 3);
  // Columns of very different size, and one of zeros.
  const values = randomValues(batch * inner * cols, 2).map((v, i) => v * ((i % cols) % 64) ** 2);
  let w: Float64Array | undefined;
  const [y] = await runGraph(
    gpu,
    (g, feed) => {
      const matrix = g.matrix('w', batch > 1 ? [batch, inner, cols] : [inner, cols], [], () => values);
      w = decoded(matrix, values);
      const a = feed('x', batch > 1 ? [batch, rows, inner] : [rows, inner], x);
      return matmul(g, a, matrix, { bias: feed('b', [batch, cols], b), activation: 'relu' });
    },
    traits,
  );
  const expected = Float64Array.from({ length: batch * rows * cols }, (_, at) => {
    const [n, row, col] = [Math.floor(at / (rows * cols)), Math.floor(at / cols) % rows, at % cols];
    let sum = b[n * cols + col] ?? 0;
    for (let k = 0; k < inner; k++)
      sum += (x[(n * rows + row) * inner + k] ?? 0) * (w?.[(n * inner + k) * cols + col] ?? Number.NaN);
    return Math.max(0, sum);
  });
  // q / 127 is one more rounding a term.
  expectClose('y', y ?? [], expected, sumTolerance(inner, 2 * Math.min(cols, 64) ** 2));
}

async function convolution(gpu: GPU, traits: Traits): Promise<void> {
  const [side, channels, cols] = [5, 8, 12];
  const [x, b] = [randomValues(side * side * channels, 1), randomValues(cols, 3)];
  const values = randomValues(9 * channels * cols, 2).map((v, i) => v * (1 + (i % cols)));
  let w: Float64Array | undefined;
  const [y] = await runGraph(
    gpu,
    (g, feed) => {
      const matrix = g.matrix('w', [3, 3, channels, cols], [], () => values);
      w = decoded(matrix, values);
      const a = feed('x', [side, side, channels], x);
      return conv2d(g, a, matrix, { bias: feed('b', [cols], b), stride: 2, padding: 1 });
    },
    traits,
  );
  const expected = Float64Array.from({ length: 9 * cols }, (_, at) => {
    const [oy, ox, col] = [Math.floor(at / cols / 3), Math.floor(at / cols) % 3, at % cols];
    let sum = b[col] ?? 0;
    for (let ky = 0; ky < 3; ky++)
      for (let kx = 0; kx < 3; kx++)
        for (let c = 0; c < channels; c++) {
          const [iy, ix] = [2 * oy + ky - 1, 2 * ox + kx - 1];
          if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue;
          const weight = w?.[((ky * 3 + kx) * channels + c) * cols + col] ?? Number.NaN;
          sum += (x[(iy * side + ix) * channels + c] ?? 0) * weight;
        }
    return sum;
  });
  expectClose('y', y ?? [], expected, sumTolerance(9 * channels, 2 * cols));
}
