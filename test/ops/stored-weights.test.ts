import { describe, expect, test } from 'vitest';
import * as kernels from '../../src/generated/kernels.ts';
import { type Kernel, storedAs } from '../../src/gpu/kernel.ts';
import { Graph } from '../../src/graph/graph.ts';
import { bytesOf, type Tensor } from '../../src/graph/tensor.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { f32FromF16 } from '../../src/weights/half.ts';
import { encodeParameter, parameterBytes } from '../../src/weights/parameters.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';

const STORAGES = ['f32', 'f16', 'q8'] as const;
const VARIANTS = [
  ['tile', { cpu: false }],
  ['quad', { cpu: true, subgroups: true }],
] as const;

/** What the bytes of a matrix mean, in f64: q / 127 times the factor of its column. */
function decoded(tensor: Tensor, values: Float32Array): Float64Array {
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

describe.each(VARIANTS)('%s', (_, traits) => {
  for (const storage of STORAGES)
    for (const [batch, rows, inner, cols] of [
      [1, 1, 4, 4],
      [1, 33, 64, 36],
      [1, 17, 12, 28],
      [3, 2, 8, 4],
    ] as const)
      gpuTest(`matmul as ${storage}, ${batch} x ${rows} x ${inner} x ${cols}`, async (gpu) => {
        const x = randomValues(batch * rows * inner, 1);
        const b = randomValues(batch * cols, 3);
        // Columns of very different size, and one of zeros.
        const values = randomValues(batch * inner * cols, 2).map((v, i) => v * (i % cols) ** 2);
        let w: Float64Array | undefined;
        const [y] = await runGraph(
          gpu,
          (g, feed) => {
            const shape = batch > 1 ? [batch, inner, cols] : [inner, cols];
            const matrix = g.matrix('w', shape, [], () => values);
            expect(matrix.dtype).toBe(storage);
            w = decoded(matrix, values);
            const a = feed('x', batch > 1 ? [batch, rows, inner] : [rows, inner], x);
            return matmul(g, a, matrix, { bias: feed('b', [batch, cols], b), activation: 'relu' });
          },
          { ...traits, storage },
        );
        const expected = Float64Array.from({ length: batch * rows * cols }, (_, at) => {
          const [n, row, col] = [Math.floor(at / (rows * cols)), Math.floor(at / cols) % rows, at % cols];
          let sum = b[n * cols + col] ?? 0;
          for (let k = 0; k < inner; k++)
            sum += (x[(n * rows + row) * inner + k] ?? 0) * (w?.[(n * inner + k) * cols + col] ?? Number.NaN);
          return Math.max(0, sum);
        });
        // q / 127 is one more rounding a term.
        expectClose('y', y ?? [], expected, sumTolerance(inner, 2 * cols ** 2));
      });

  for (const storage of STORAGES)
    gpuTest(`conv2d as ${storage}`, async (gpu) => {
      const [side, channels, cols] = [5, 8, 12];
      const [x, b] = [randomValues(side * side * channels, 1), randomValues(cols, 3)];
      const values = randomValues(9 * channels * cols, 2).map((v, i) => v * (1 + (i % cols)));
      let w: Float64Array | undefined;
      const [y] = await runGraph(
        gpu,
        (g, feed) => {
          const matrix = g.matrix('w', [3, 3, channels, cols], [], () => values);
          w = decoded(matrix, values);
          return conv2d(g, feed('x', [side, side, channels], x), matrix, {
            bias: feed('b', [cols], b),
            stride: 2,
            padding: 1,
          });
        },
        { ...traits, storage },
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
    });
});

test('a matrix takes its bytes and, as q8, a factor a column; asking again gives the same tensor', () => {
  const bytes = STORAGES.map((storage) => {
    const g = new Graph('test', { cpu: false, subgroups: false, storage });
    const matrix = g.matrix('w', [2, 8, 12], [], () => new Float32Array(192));
    expect(g.matrix('w', [2, 8, 12], [], () => new Float32Array())).toBe(matrix);
    return [bytesOf(matrix), parameterBytes(matrix)];
  });
  expect(bytes).toEqual([
    [768, 768],
    [384, 384],
    [192, 192 + 4 * 24],
  ]);
});

test('the rule rewrites the type of w and each read of it, and nothing else', () => {
  const code =
    'fn from_q8(v:u32)->u32{return v;}@group(0)@binding(1)var<storage,read>w:array<vec4f>;' +
    '@group(0)@binding(2)var<storage,read>rel_w:array<vec4f>;' +
    'fn main(){let a=w[at+2*(b[i]+c[d[0]])]*x.w+rel_w[w4];let e=mat2x2f(w[0],w[1]);}';
  const kernel = { name: 'k', code, bindings: [], params: [], tunables: {}, features: [] } as Kernel;
  const variant = storedAs(kernel, 'q8');
  expect(variant.name).toBe('k.q8');
  expect(variant.code).toBe(
    code
      .replace('>w:array<vec4f>', '>w:array<stored_q8>')
      .replace('w[at+2*(b[i]+c[d[0]])]', 'from_q8(w[at+2*(b[i]+c[d[0]])])')
      .replace('mat2x2f(w[0],w[1])', 'mat2x2f(from_q8(w[0]),from_q8(w[1]))'),
  );
  expect(storedAs(kernel, 'q8')).toBe(variant);
  expect(storedAs(kernel, 'f32')).toBe(kernel);
  expect(() => storedAs(kernel, 'f16')).toThrow('kernel k cannot read a matrix as f16');
  expect(() => storedAs(kernels.add as Kernel, 'q8')).toThrow('kernel add cannot read a matrix as q8');
});
