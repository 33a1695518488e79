import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { type TensorSource, writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { cpuMillis } from './fixtures.ts';

function file(header: string, data = new Uint8Array()): Blob {
  const json = new TextEncoder().encode(header);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(json.byteLength), true);
  return new Blob([length, json, new Uint8Array(data)]);
}
const open = (blob: Blob) => openCheckpoint(blob, { name: 'x.safetensors' });
const entry = (shape: unknown, start: number, end: number, dtype = 'U8') =>
  JSON.stringify({ dtype, shape, data_offsets: [start, end] });

test('tensors may lie in any order, be empty, scalar, and have any name', async () => {
  const blob = file(
    `{"z":${entry([2], 1, 3)},"é\\u0041":${entry([], 0, 1)},"10":${entry([0, 9], 3, 3)},"__metadata__":{"k":"v"}}`,
    Uint8Array.of(1, 2, 3),
  );
  const { tensors, metadata } = await open(blob);
  expect(metadata).toEqual({ k: 'v' });
  const values = await Promise.all(Array.from(tensors, async ([name, t]) => [name, [...(await t.read())]]));
  expect(values).toEqual([
    ['z', [2, 3]],
    ['éA', [1]],
    ['10', []],
  ]);
});

test.each([
  [3, 'Number'],
  [{ a: 1 }, 'Object'],
  [undefined, 'Undefined'],
])('metadata that are no text are refused before the first chunk: %o', async (epoch, kind) => {
  // A caller without types may hand over anything.
  const metadata = { run: 'a record', epoch } as unknown as Record<string, string>;
  const writing = writeSafetensors([], metadata).next();
  await expect(writing).rejects.toThrow(CheckpointError);
  await expect(writing).rejects.toThrow(
    `the metadata 'epoch' of a safetensors file is ${kind}, expected a text; give String(value) or JSON.stringify(value)`,
  );
});

const numbered = (count: number, value: string) =>
  Array.from({ length: count }, (_, i) => `"${i}":${value}`).join();
const sides = Array(300_000).fill(1);
const hostile: [string, string, RegExp][] = [
  ['a shape of 300,000 sides', `{"a":${entry(sides, 0, 1)}}`, /does not fill bytes 0 to 1/],
  [
    'a shape of 3,000,000 sides',
    `{"a":{"shape":[${'1,'.repeat(3e6)}1]}}`,
    /has more than 1000000 values at character/,
  ],
  ['150,000 tensors', `{${numbered(150_000, entry([0], 0, 0))}}`, /has more than 1000000 values/],
  ['lists without end', `{"a":[${Array(1e6).fill('[],[]').join()}]}`, /has more than 1000000 values/],
  ['a size beyond exact integers', `{"a":${entry([2 ** 40, 2 ** 40], 0, 0)}}`, /does not fill/],
  ['a fraction of a side', `{"a":${entry([1.5], 0, 1)}}`, /lacks a proper dtype, shape or data_offsets/],
  ['offsets that run backwards', `{"a":${entry([1], 1, 0)}}`, /does not fill/],
  ['brackets without end', '['.repeat(100_000), /nested deeper than 16 at character 17/],
  ['a comma too many', `{"a":${entry([1], 0, 1)},}`, /has no string where one is due/],
  ['text behind the header', `{"a":${entry([1], 0, 1)}} {}`, /goes on after its end/],
  ['a raw newline in a name', `{"a\n":${entry([1], 0, 1)}}`, /has a string that does not end/],
  ['a bad escape', `{"a\\x":${entry([1], 0, 1)}}`, /has a bad escape/],
  ['a number with a leading zero', '{"a":{"shape":[01]}}', /lacks a closing bracket/],
  ['metadata that is no text', '{"__metadata__":{"a":1}}', /__metadata__ "a" is no plain text entry/],
  ['a list for a header', '[]', /is no JSON object/],
];
test.each(hostile)('a header with %s is refused', async (_, header, message) => {
  const start = cpuMillis();
  await expect(open(file(header, Uint8Array.of(1)))).rejects.toThrow(message);
  expect(cpuMillis() - start).toBeLessThan(2500);
});

test('a name of megabytes, or one that a terminal obeys, is escaped and cut in what is said of it', async () => {
  const long = file(`{"${'k'.repeat(5_000_000)}":${entry([2], 0, 1)}}`, Uint8Array.of(1));
  await expect(open(long)).rejects.toThrow(
    /^x\.safetensors: tensor "k{199}\.\.\. shape \[2\] of U8 does not fill.{0,100}$/,
  );
  const spaced = file(`{"${'k '.repeat(5000)}":${entry([2], 0, 1)}}`, Uint8Array.of(1));
  await expect(open(spaced)).rejects.toThrow(/^x\.safetensors: tensor "(k )+k?$/);
  const odd = '\\u001b[2J\\n\\u0085\\u202e\\u200b';
  await expect(open(file(`{"${odd}":${entry([2], 0, 1)}}`, Uint8Array.of(1)))).rejects.toThrow(
    'tensor "%1B[2J%0A%C2%85%E2%80%AE%E2%80%8B": shape [2] of U8 does not fill',
  );
});

test('a header that is not UTF-8 is refused', async () => {
  const blob = new Blob([Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d)]);
  await expect(open(blob)).rejects.toThrow(/x\.safetensors: the safetensors header is not UTF-8/);
});

test('a file of 4 GiB that Node calls shorter is told what to do', async () => {
  const large = 2 ** 32 + 1;
  await expect(open(file(`{"a":${entry([large], 0, large)}}`, Uint8Array.of(1)))).rejects.toThrow(
    /the tensors take 4294967297 bytes, but 1 follow the header\. Node's openAsBlob takes sizes modulo 4 GiB: convert/,
  );
  await expect(open(file(`{"a":${entry([9], 0, 9)}}`, Uint8Array.of(1)))).rejects.toThrow(
    /take 9 bytes, but 1 follow the header\. The file is truncated; download it again\.$/,
  );
});

const strangers: [string, string | Uint8Array<ArrayBuffer>, RegExp][] = [
  ['a JSON error', '{"error": "rate limited"}', /is a JSON text, not a checkpoint/],
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /is compressed with gzip/],
  [
    'a web page with a mark before it',
    '\ufeff\n<!DOCTYPE html><title>Sign in</title>',
    /is a web page \("Sign in"\)/,
  ],
  ['one byte', Uint8Array.of(7), /starts with the bytes 07/],
  [
    'a picture',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d),
    /neither a safetensors file nor a checkpoint of torch/,
  ],
];
test.each(strangers)('%s is called what it is', async (_, content, message) => {
  await expect(openCheckpoint(new Blob([content]), { name: 'model.pt' })).rejects.toThrow(message);
});

async function written(sources: readonly TensorSource[], metadata = {}): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of writeSafetensors(sources, metadata)) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
const source = (name: string, bytes: number[], shape: number[]): TensorSource => ({
  ...{ name, shape, dtype: 'U8' },
  bytes: async () => Uint8Array.from(bytes),
});

test('the writer keeps the order, aligns the values and is read back', async () => {
  const bytes = await written([source('10', [1, 2], [2]), source('2', [], [0]), source('"\\', [3], [])], {
    a: 'é',
  });
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  const { tensors, metadata } = await open(new Blob([bytes]));
  expect([...tensors.keys()]).toEqual(['10', '2', '"\\']);
  expect(metadata).toEqual({ a: 'é' });
  expect([...((await tensors.get('"\\')?.read()) ?? [])]).toEqual([3]);
});

test('the writer refuses a name twice and bytes that are not the shape', async () => {
  await expect(written([source('a', [1], [1]), source('a', [1], [1])])).rejects.toThrow(
    /a tensor name twice/,
  );
  await expect(written([source('a', [1, 2], [3])])).rejects.toThrow(/got 2 bytes for "a", expected 3/);
});
