import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { preprocess } from '../../src/ops/preprocess.ts';
import { type PictureFamily, type PictureGeometry, resizedShape } from '../../src/ops/resize-tables.ts';
import { expectClose, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at, packed, pictureCases, planes } from './picture-goldens.ts';

const SAM = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
const SAM2 = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const REFERENCE = {
  rtol: 0,
  atol: 1e-5,
  why: 'issue 2: 1e-5; the reference rounds its f32 coordinates and weights itself',
};

/** The op's [S, S, 4] as PyTorch's [3, S, S]; its fourth channel must be 0. */
async function run(gpu: GPU, image: Uint8Array, picture: PictureGeometry): Promise<Float32Array> {
  const { height, width, imageSize: size } = picture;
  const [y] = await runGraph(gpu, (g, feed) =>
    preprocess(g, feed('pixels', [height, width], packed(image)), picture),
  );
  if (!y) throw new Error('nothing came back');
  expect(y.filter((_, i) => i % 4 === 3).every((value) => value === 0)).toBe(true);
  return planes(y, size);
}

/** A picture of many frequencies, the same formula as in the Python that made PILLOW's hashes. */
function pattern(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return x * x * 3 + y * 31 + x * y * 7 + c * 101;
  });
}

/** What an output of an axis mixes, as [input, weight] over every input that counts: the definition in f64. */
function weightsOf(family: PictureFamily, from: number, to: number, i: number): [number, number][] {
  const centre = ((i + 0.5) * from) / to;
  if (family === 'sam2rad') {
    const clamped = Math.max(0, centre - 0.5);
    const low = Math.min(Math.floor(clamped), from - 1);
    return [
      [low, 1 - (clamped - low)],
      [Math.min(low + 1, from - 1), clamped - low],
    ];
  }
  const reach = Math.max(1, from / to);
  const all = Array.from({ length: from }, (_, k): [number, number] => [
    k,
    Math.max(0, 1 - Math.abs(k + 0.5 - centre) / reach),
  ]).filter(([, weight]) => weight > 0);
  const sum = all.reduce((total, [, weight]) => total + weight, 0);
  return all.map(([k, weight]) => [k, weight / sum]);
}

/** [3, S, S] in f64: every output as one sum over the picture. */
function definition(image: Uint8Array, picture: PictureGeometry): Float64Array {
  const { height, width, imageSize: size, family } = picture;
  const [rows, cols] = resizedShape(picture);
  const down = Array.from({ length: rows }, (_, i) => weightsOf(family, height, rows, i));
  const across = Array.from({ length: cols }, (_, i) => weightsOf(family, width, cols, i));
  return Float64Array.from({ length: 3 * size * size }, (_, i) => {
    const [c, row, col] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    let sum = 0;
    if (row >= rows || col >= cols) return 0;
    for (const [y, wy] of down[row] ?? [])
      for (const [x, wx] of across[col] ?? []) sum += wy * wx * at(image, (y * width + x) * 3 + c);
    return (sum / 255 - at(SAM2.mean, c)) / at(SAM2.std, c);
  });
}

/** The bytes [rows, cols, 3] that a normalised square came from; all must be within 1e-5 of whole. */
function bytesOf(normalised: Float32Array, picture: PictureGeometry): Uint8Array {
  const size = picture.imageSize;
  const [rows, cols] = resizedShape(picture);
  let worst = 0;
  const bytes = Uint8Array.from({ length: rows * cols * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % cols, Math.floor(i / 3 / cols)];
    const value = at(normalised, c * size ** 2 + y * size + x);
    const byte = Math.round(value * at(SAM.std, c) + at(SAM.mean, c));
    worst = Math.max(worst, Math.abs((byte - at(SAM.mean, c)) / at(SAM.std, c) - value));
    return byte;
  });
  expect(worst).toBeLessThan(1e-5);
  return bytes;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}

/**
 * Height, width, S and the hash of what Pillow 12.3 makes of `pattern`:
 * `Image.frombytes('RGB', (w, h), pattern).resize((cols, rows), Image.BILINEAR).tobytes()`.
 */
const PILLOW = [
  [1, 1, 64, 0x262e4dc5],
  [1, 500, 64, 0x25d31daa],
  [500, 1, 64, 0x7fa40dfc],
  [7, 3, 64, 0x7dd0b995],
  [64, 33, 64, 0x7b7cc605],
  [333, 517, 256, 0xbc1f3384],
  [1000, 63, 128, 0xa2df03c8],
  [129, 257, 256, 0x50c35d4b],
] as const;

describe('preprocess: the goldens', async () => {
  for (const { image, f32, ...size } of await pictureCases())
    for (const family of ['sam', 'sam2', 'sam2rad'] as const)
      gpuTest(`${family}, ${size.height} x ${size.width} to ${size.imageSize}`, async (gpu) => {
        const picture = { ...size, family };
        const expected = await f32(family);
        const actual = await run(gpu, image, picture);
        expectClose(family, actual, expected, REFERENCE);
        expect(relativeError(actual, expected)).toBeLessThan(1e-5);
        if (family === 'sam') expect(bytesOf(actual, picture)).toEqual(bytesOf(expected, picture));
      });
});

describe('preprocess: other sizes', () => {
  for (const [height, width, imageSize, hash] of PILLOW)
    gpuTest(`sam, ${height} x ${width} to ${imageSize}: Pillow's very bytes`, async (gpu) => {
      const picture = { height, width, imageSize, family: 'sam' } as const;
      const actual = await run(gpu, pattern(height, width), picture);
      expect(hashOf(bytesOf(actual, picture))).toBe(hash);
    });

  for (const family of ['sam2', 'sam2rad'] as const)
    for (const [height, width, imageSize] of PILLOW)
      gpuTest(`${family}, ${height} x ${width} to ${imageSize}: the definition in f64`, async (gpu) => {
        const picture = { height, width, imageSize, family };
        const image = pattern(height, width);
        expectClose(family, await run(gpu, image, picture), definition(image, picture), {
          rtol: 0,
          // Terms of at most 1 / std in all, 2 roundings each of 2^-24; a value is at most 2.7.
          atol: 4 * Math.sqrt((2 * Math.max(height, width)) / imageSize + 2) * 2 ** -24 * 4.5,
          why: 'f32 sums of weights that add up to 1, over std 0.22',
        });
      });
});

describe('preprocess: refusals', () => {
  it('names the picture whose shape or type is wrong', () => {
    const g = new Graph('test');
    const picture = { height: 2, width: 3, imageSize: 64, family: 'sam' } as const;
    expect(() => preprocess(g, g.external('pixels', [3, 2], 'u32'), picture)).toThrow(
      "preprocess: 'pixels' has shape [3,2], expected [2,3]",
    );
    expect(() => preprocess(g, g.external('pixels', [2, 3]), picture)).toThrow(
      "'pixels' is f32, expected u32",
    );
  });
});
