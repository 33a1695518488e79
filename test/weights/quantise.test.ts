import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { detectModel } from '../../src/weights/detect.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { channelsOf, dequantise, outputAxis, quantise } from '../../src/weights/quantise.ts';
import type { Checkpoint } from '../../src/weights/types.ts';
import { type TensorSource, writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { randomValues } from '../close.ts';
import { fixtureJson, fixtureNames, sha256 } from './fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';

describe('quantise', () => {
  test('rounds to nearest, ties to even, by channel', () => {
    // Largest magnitudes of 127, so that the scale is 1 and the values are their own quotients.
    const values = Float32Array.of(127, 0.5, 1.5, 2.5, -0.5, -1.5, -126.5, 0.49999997);
    expect(quantise(values, 1, 8)).toEqual({
      values: Int8Array.of(127, 0, 2, 2, 0, -2, -126, 0),
      scale: Float32Array.of(1),
    });
    // [2, 2 channels, 2]
    const pairs = Float32Array.of(127, 1, 254, 2, -64, 3, -4, 6);
    expect(quantise(pairs, 2, 2)).toEqual({
      values: Int8Array.of(127, 1, 127, 1, -64, 3, -2, 3),
      scale: Float32Array.of(1, 2),
    });
  });

  test('a channel of zeros has scale 1; one of the smallest values counts as zeros', () => {
    const { values, scale } = quantise(Float32Array.of(0, -0, 1e-45, -1e-31, 1e-20, 0), 3, 2);
    expect([...values]).toEqual([0, 0, 0, 0, 127, 0]);
    expect([...scale.subarray(0, 2)]).toEqual([1, 1]);
  });

  test('the scale is max / 127 to 17 bits, and no value is off by more than half a step', () => {
    const [channels, inner] = [200, 37];
    const values = randomValues(channels * inner, 5).map(
      (v, i) => v * 10 ** ((Math.floor(i / inner) % 40) - 20),
    );
    const made = quantise(values, channels, inner);
    const back = dequantise(made, inner);
    for (let c = 0; c < channels; c++) {
      const own = values.subarray(c * inner, (c + 1) * inner);
      const largest = Math.max(...own.map(Math.abs));
      const scale = made.scale[c] ?? 0;
      expect(Math.abs((scale * 127) / largest - 1)).toBeLessThanOrEqual(2 ** -17);
      own.forEach((value, i) => {
        const [kept, q] = [back[c * inner + i] ?? 0, made.values[c * inner + i] ?? 0];
        expect(Math.abs(kept - value)).toBeLessThanOrEqual(scale * (0.5 + 2 ** -10));
        // Exact: what the kernel and the next quantisation see is the product itself.
        expect(kept).toBe(q * scale);
      });
    }
    expect(quantise(back, channels, inner)).toEqual(made);
  });
});

test('matrices are what products read: outputs first, but for transposed convolutions', () => {
  expect(channelsOf('a.qkv.weight', [96, 32])).toMatchObject({ channels: 96, inner: 32 });
  expect(channelsOf('a.proj.weight', [32, 3, 7, 7])).toMatchObject({ channels: 32, inner: 147 });
  const up = 'mask_decoder.output_upscaling.0.weight';
  expect(channelsOf(up, [256, 64, 2, 2])).toMatchObject({ channels: 64, inner: 4 });
  for (const [name, shape] of [
    ['a.norm.weight', [256]],
    ['a.qkv.bias', [256]],
    ['mask_decoder.mask_tokens.weight', [4, 256]],
    ['image_encoder.layers.1.blocks.0.local_conv.weight', [128, 1, 3, 3]],
    ['prompt_encoder.mask_downscaling.6.weight', [256, 16, 1, 1]],
    ['image_encoder.pos_embed', [1, 64, 64, 768]],
  ] as const)
    expect(channelsOf(name, shape)).toBeUndefined();
});

test('a q8 file is under 0.28 of the f32 file, for every checkpoint of the tables', () => {
  for (const name of fixtureNames('tables')) {
    const { tensors } = detectModel(generatedCheckpoint(fixtureJson<WeightsJson>(`tables/${name}`)).tensors);
    let [wide, narrow] = [0, 0];
    for (const { name: tensor, shape } of tensors.values()) {
      const values = shape.reduce((product, side) => product * side, 1);
      const matrix = channelsOf(tensor, shape);
      wide += 4 * values;
      narrow += matrix ? values + 4 * matrix.channels : 2 * values;
    }
    console.log(`${name}: ${(narrow / wide).toFixed(4)}`);
    expect(narrow / wide).toBeLessThan(0.28);
  }
});

const NAME = 'nano-sam2rad-adapter-lora';
const golden = (): Checkpoint =>
  generatedCheckpoint(fixtureJson<WeightsJson>(`goldens/${NAME}.weights.json`), { name: `${NAME}.ckpt` });

async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk));
  return new Blob(parts);
}

const openAs = async (checkpoint: Checkpoint, dtype: 'f32' | 'q8') =>
  openCheckpoint(await gathered(convertCheckpoint(checkpoint, { dtype })), { name: 'ours.safetensors' });

let shared: Promise<Checkpoint> | undefined;
function sharedQ8(): Promise<Checkpoint> {
  shared ??= openAs(golden(), 'q8');
  return shared;
}

const digest = async (blob: Blob) => sha256(new Uint8Array(await blob.arrayBuffer()));

describe('a q8 file', () => {
  test('holds each matrix to half a step, everything else as f16, and says so', async () => {
    const source = golden();
    const opened = await sharedQ8();
    expect(opened.metadata['storage']).toBe('q8');
    const before = describeCheckpoint(source);
    const after = describeCheckpoint(opened);
    expect([before.storage, after.storage]).toEqual(['f32', 'q8']);
    expect(after.config).toEqual(before.config);
    expect([...after.tensors.keys()]).toEqual([...before.tensors.keys()]);
    const [exact, kept] = [canonicalTensors(source, before), canonicalTensors(opened, after)];
    let matrices = 0;
    for (const [name, { shape }] of before.tensors) {
      const stored = opened.tensors.get(name);
      const matrix = channelsOf(name, shape);
      expect(stored).toMatchObject({ dtype: matrix ? 'I8' : 'F16', shape });
      if (!matrix) continue;
      matrices += 1;
      if (matrices % 20 !== 0 && !name.includes('output_upscaling')) continue;
      const scale = (await opened.tensors.get(`${name}.scale`)?.readF32()) ?? [];
      expect(scale).toHaveLength(matrix.channels);
      const values = (await exact.get(name)?.readF32()) ?? new Float32Array();
      const back = (await kept.get(name)?.readF32()) ?? [];
      const { channels, inner } = outputAxis(name, shape);
      const off = values.findIndex((value, i) => {
        const step = scale[Math.floor(i / inner) % channels] ?? 0;
        return !(Math.abs(value - (back[i] ?? Number.NaN)) <= step * (0.5 + 2 ** -10));
      });
      expect(off).toBe(-1);
    }
    expect(matrices).toBeGreaterThan(100);
  });

  test('becomes itself again, directly and by way of f32', async () => {
    const opened = await sharedQ8();
    const again = await gathered(convertCheckpoint(opened, { dtype: 'q8' }));
    const first = await digest(await gathered(convertCheckpoint(golden(), { dtype: 'q8' })));
    expect(await digest(again)).toBe(first);
    const wide = await openAs(opened, 'f32');
    expect(describeCheckpoint(wide).storage).toBe('f32');
    expect(await digest(await gathered(convertCheckpoint(wide, { dtype: 'q8' })))).toBe(first);
  });

  const MATRIX = 'image_encoder.trunk.blocks.3.attn.qkv.weight';

  /** The file with one tensor changed, or left out. */
  async function edited(
    name: string,
    change: (tensor: TensorSource) => Partial<TensorSource> | undefined,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Checkpoint> {
    const opened = await sharedQ8();
    const sources = [...opened.tensors.values()].flatMap((stored): TensorSource[] => {
      const { shape, dtype } = stored;
      const source: TensorSource = {
        name: stored.name,
        shape,
        dtype,
        bytes: (cancel) => stored.read(cancel),
      };
      if (stored.name !== name) return [source];
      const changed = change(source);
      return changed ? [{ ...source, ...changed }] : [];
    });
    const file = await gathered(writeSafetensors(sources, { ...opened.metadata, ...metadata }));
    return openCheckpoint(file, { name: 'edited.safetensors' });
  }

  const factors = (
    shape: readonly number[],
    values: (old: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>,
  ) => ({
    shape,
    bytes: async () => {
      const bytes = (await (await sharedQ8()).tensors.get(`${MATRIX}.scale`)?.read()) ?? new Uint8Array();
      return new Uint8Array(values(new Float32Array(bytes.slice().buffer)).buffer);
    },
  });
  const put = (at: number, value: number) =>
    factors([384], (old) => old.map((factor, i) => (i === at ? value : factor)));

  test('whose directory was edited by hand is refused before anything is read', async () => {
    const refused = async (checkpoint: Checkpoint, message: RegExp) => {
      expect(() => describeCheckpoint(checkpoint)).toThrow(CheckpointError);
      expect(() => describeCheckpoint(checkpoint)).toThrow(message);
    };
    const { tensors } = await sharedQ8();
    const [channels = 0] = tensors.get(`${MATRIX}.scale`)?.shape ?? [];
    expect(channels).toBe(384);
    const scale = `${MATRIX}.scale`;
    await refused(await edited(scale, () => undefined), /Missing \(1\): image_\S+\.qkv\.weight\.scale\./);
    await refused(
      await edited(scale, () => factors([383], (old) => old.slice(1))),
      /Wrong \(1\): image_\S+\.weight\.scale is F32 \[383\], expected F32 \[384\]\./,
    );
    await refused(
      await edited(scale, () => ({ dtype: 'I32' })),
      /Wrong \(1\): image_\S+\.weight\.scale is I32 \[384\], expected F32 \[384\]\./,
    );
    await refused(
      await edited(MATRIX, () => undefined),
      /Missing \(1\): image_\S+\.qkv\.weight\. Extra \(1\)/,
    );
    const norm = 'image_encoder.trunk.blocks.3.norm1.weight';
    await refused(
      await edited(norm, ({ shape }) => ({ dtype: 'I8', bytes: async () => new Uint8Array(shape[0] ?? 0) })),
      /Missing \(1\): image_\S+\.norm1\.weight\.scale\./,
    );
    await refused(
      await edited(MATRIX, ({ shape }) => ({
        dtype: 'U8',
        bytes: async () => new Uint8Array(shape.reduce((a, b) => a * b, 1)),
      })),
      /Extra \(1\): \S+\.scale\. Wrong \(1\): image_\S+\.qkv\.weight is U8, expected a float type\./,
    );
    await refused(await edited('', () => undefined, { storage: 'q4' }), /has the unknown storage 'q4'/);
  });

  test.each([Number.NaN, -0.5, 0, Number.POSITIVE_INFINITY])(
    'with a scale of %s is refused when it is read',
    async (value) => {
      const checkpoint = await edited(`${MATRIX}.scale`, () => put(7, value));
      const matrix = canonicalTensors(checkpoint, describeCheckpoint(checkpoint)).get(MATRIX);
      const reading = matrix?.readF32() ?? Promise.resolve();
      await expect(reading).rejects.toThrow(CheckpointError);
      await expect(reading).rejects.toThrow(
        `edited.safetensors: value 7 of tensor "${MATRIX}.scale" is ${value}. A finite number above 0 was expected`,
      );
    },
  );
});
