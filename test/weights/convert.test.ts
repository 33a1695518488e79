import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { type ConvertOptions, convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { f32FromF16 } from '../../src/weights/half.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { Checkpoint } from '../../src/weights/types.ts';
import { type TensorSource, writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { fixtureJson, sha256 } from './fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';

const golden = (name: string, salt = 0) =>
  generatedCheckpoint(fixtureJson<WeightsJson>(`goldens/${name}.weights.json`), {
    name: `${name}.ckpt`,
    salt,
  });

async function converted(checkpoint: Checkpoint, options: ConvertOptions): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of convertCheckpoint(checkpoint, options)) chunks.push(new Uint8Array(chunk));
  return new Blob(chunks);
}

/** nano-sam2 in f16, converted once for all tests that only read it. */
let shared: Promise<Blob> | undefined;
function sharedHalf(): Promise<Blob> {
  shared ??= converted(golden('nano-sam2'), { dtype: 'f16' });
  return shared;
}

test.each([
  ['nano-sam2', 'f32'],
  ['nano-sam2rad', 'f16'],
  ['nano-sam2rad-adapter-lora', 'f16'],
] as const)('%s to %s and back: converting the result is the identity', async (name, dtype) => {
  const source = golden(name);
  const first = await converted(source, { dtype });
  const opened = await openCheckpoint(first, { name: 'ours.safetensors' });
  const before = describeCheckpoint(source);
  const after = describeCheckpoint(opened);
  expect(after.layout).toBe('canonical');
  expect(after.config).toEqual(before.config);
  expect([...opened.tensors.keys()]).toEqual([...before.tensors.keys()]);
  expect(opened.metadata['source']).toBe(`${name}.ckpt`);
  const second = await converted(opened, { dtype });
  const digest = async (blob: Blob) => sha256(new Uint8Array(await blob.arrayBuffer()));
  expect(await digest(second)).toBe(await digest(first));
});

test('f32 keeps every bit, f16 rounds to nearest', async () => {
  const source = golden('nano-sam2');
  const names = ['no_mem_embed', 'image_encoder.trunk.blocks.3.attn.qkv.weight'];
  const expected = canonicalTensors(source, describeCheckpoint(source));
  const wide = await openCheckpoint(await converted(source, { dtype: 'f32' }));
  const half = await openCheckpoint(await sharedHalf());
  for (const name of names) {
    const values = await expected.get(name)?.readF32();
    expect(await wide.tensors.get(name)?.readF32()).toEqual(values);
    const rounded = await half.tensors.get(name)?.readF32();
    // Half a unit in the last place is 2^-11 of the value, or 2^-25 below 2^-14.
    values?.forEach((value, i) => {
      expect(Math.abs((rounded?.[i] ?? 0) - value)).toBeLessThanOrEqual(
        Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
      );
    });
  }
});

test('a file from Sam2Rad still knows its preprocessing, image size and version', async () => {
  const blob = await converted(golden('nano-sam2rad'), { dtype: 'f16', imageSize: 512 });
  const { config } = describeCheckpoint(await openCheckpoint(blob));
  expect(config).toMatchObject({ preprocess: 'sam2rad', imageSize: 512, version: 'sam2', family: 'sam2' });
});

test('BatchNorms are folded as their definition says', async () => {
  const source = golden('sam2rad-vit-tiny');
  const folded = canonicalTensors(source, describeCheckpoint(source));
  const name = 'image_encoder.layers.1.downsample.conv2';
  const read = async (part: string) =>
    (await source.tensors
      .get(`model.model.image_encoder.net.layers.1.downsample.conv2.${part}`)
      ?.readF32()) ?? [];
  const [weight = [], gamma = [], beta = [], mean = [], variance = []] = await Promise.all(
    ['c.weight', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'].map(read),
  );
  const conv = (await folded.get(`${name}.weight`)?.readF32()) ?? [];
  const bias = (await folded.get(`${name}.bias`)?.readF32()) ?? [];
  expect(conv).toHaveLength(160 * 9);
  // y = (w x - mean) / sqrt(var + 1e-5) * gamma + beta, at x = 1 in one tap and at x = 0.
  for (const c of [0, 7, 159]) {
    const scale = (gamma[c] ?? 0) / Math.sqrt((variance[c] ?? 0) + 1e-5);
    expect(bias[c]).toBeCloseTo((beta[c] ?? 0) - (mean[c] ?? 0) * scale, 6);
    expect(conv[c * 9 + 4]).toBeCloseTo((weight[c * 9 + 4] ?? 0) * scale, 6);
  }
});

/** nano-sam2 of zeros, but for one tensor. */
function withValue(value: number): Checkpoint {
  const source = golden('nano-sam2');
  const tensors = new Map(
    Array.from(source.tensors, ([name, stored]) => {
      const readF32 = async () => new Float32Array(stored.shape.reduce((product, side) => product * side, 1));
      return [name, { ...stored, readF32 }] as const;
    }),
  );
  const tensor = tensors.get('no_mem_embed');
  if (tensor)
    tensors.set('no_mem_embed', { ...tensor, readF32: async () => new Float32Array(256).fill(value, 3) });
  return { ...source, tensors };
}

test.each([
  [65520, 'f16', /value 3 of tensor "no_mem_embed" is 65520\. f16 ends at 65504/],
  [-1e9, 'f16', /is -1000000000\. f16 ends/],
  [Number.NaN, 'f32', /is NaN\. Finite values were expected/],
  [Number.POSITIVE_INFINITY, 'f16', /is Infinity\. Finite values/],
] as const)('the value %s is refused in %s, with its tensor', async (value, dtype, message) => {
  const run = converted(withValue(value), { dtype });
  await expect(run).rejects.toThrow(CheckpointError);
  await expect(run).rejects.toThrow(message);
});

test.each([
  ['F64', [0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
  // Finite, but past the largest f32.
  ['F64', [0, 0, 0, 0, 0, 0, 0xf0, 0x47]],
  ['F32', [1, 0, 0x80, 0x7f]],
  ['F16', [0, 0xfe]],
  ['BF16', [0x80, 0xff]],
] as const)('a %s that is not finite (%j) is refused where it is read', async (dtype, pattern) => {
  const name = 'image_encoder.trunk.blocks.0.norm1.weight';
  const sources = Array.from(golden('nano-sam2').tensors.values(), (tensor): TensorSource => {
    const count = tensor.shape.reduce((product, side) => product * side, 1);
    const values = new Uint8Array(count * pattern.length);
    if (tensor.name === name) values.set(pattern, 3 * pattern.length);
    return { name: tensor.name, shape: tensor.shape, dtype, bytes: async () => values };
  });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of writeSafetensors(sources)) chunks.push(new Uint8Array(chunk));
  const file = await openCheckpoint(new Blob(chunks), { name: 'odd.safetensors' });
  const tensors = canonicalTensors(file, describeCheckpoint(file));
  await tensors.get('no_mem_embed')?.readF32();
  await expect(tensors.get(name)?.readF32()).rejects.toThrow(
    /^odd\.safetensors: value 3 of tensor "image_encoder\.trunk\.blocks\.0\.norm1\.weight" is (NaN|-?Infinity)\. Finite/,
  );
});

test('65504 is the largest f16 and is kept', async () => {
  const blob = await converted(withValue(65519), { dtype: 'f16' });
  const bytes = await (await openCheckpoint(blob)).tensors.get('no_mem_embed')?.read();
  expect(f32FromF16((bytes?.[6] ?? 0) | ((bytes?.[7] ?? 0) << 8))).toBe(65504);
});

test('progress counts to the size of the file, and a cancel stops', async () => {
  const seen: number[] = [];
  let size = 0;
  const blob = await converted(golden('nano-sam2'), {
    dtype: 'f16',
    onProgress: ({ bytes, total }) => {
      seen.push(bytes);
      size = total;
    },
  });
  expect(seen.at(-1)).toBe(blob.size);
  expect(size).toBe(blob.size);
  const controller = new AbortController();
  const run = converted(golden('nano-sam2'), {
    dtype: 'f16',
    signal: controller.signal,
    onProgress: ({ bytes }) => bytes > 1e6 && controller.abort(),
  });
  await expect(run).rejects.toThrow(/abort/i);
});

test('metadata of a newer format, or with a config that lies, is refused', async () => {
  const opened = await openCheckpoint(await converted(golden('nano-sam2'), { dtype: 'f16' }), {
    name: 'ours.st',
  });
  const described = (metadata: Record<string, string>) => () =>
    describeCheckpoint({ ...opened, metadata: { ...opened.metadata, ...metadata } });
  expect(described({ version: '2' })).toThrow(/ours\.st has version "2" of our format, expected "1"/);
  expect(described({ config: '{' })).toThrow(CheckpointError);
  expect(described({ config: '{"imageSize":"1024","preprocess":"sam2"}' })).toThrow(/no image size/);
  expect(described({ config: '{"imageSize":1000,"preprocess":"sam2"}' })).toThrow(/multiple of 64/);
  expect(described({ config: '{"imageSize":1024,"preprocess":"eval"}' })).toThrow(/no known preprocess/);
});
