/** Files as the command line opens them: of any size, and read where they are asked for. */
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/weights/open.ts';
import { openFile } from '../../weights-tools/node/files.ts';
import { sha256Of } from '../../weights-tools/train/record.ts';
import { sam2rad, scratch } from './run.ts';

/** A sparse safetensors file: `large` takes `bytes`, which nobody wrote, and `last` is [1, 2] behind it. */
async function sparseFile(path: string, bytes: number): Promise<number> {
  const text = JSON.stringify({
    large: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] },
    last: { dtype: 'F32', shape: [2], data_offsets: [bytes, bytes + 8] },
  });
  const header = Buffer.alloc(8 + text.length);
  header.writeBigUInt64LE(BigInt(text.length));
  header.write(text, 8);
  const file = await open(path, 'w');
  await file.write(header);
  await file.write(Float32Array.of(1, 2), 0, 8, header.length + bytes);
  await file.close();
  return header.length + bytes + 8;
}

test('a file of more than 4 GiB has its size, and its last tensor is read', async () => {
  const path = join(scratch(), 'large.safetensors');
  const size = await sparseFile(path, 2 ** 32 + 2 ** 20);
  const file = await openFile(path);
  expect(file).toBeInstanceOf(Blob);
  expect(file.size).toBe(size);
  const { tensors } = await openCheckpoint(file);
  expect([...((await tensors.get('last')?.readF32()) ?? [])]).toEqual([1, 2]);
  const { out } = await sam2rad('info', path, '--json');
  expect(JSON.parse(out)).toMatchObject({ bytes: size, tensors: 2 });
}, 20_000);

test('parts are what the bytes say, however they are asked for, and no file stays open', async () => {
  const path = join(scratch(), 'some.bin');
  const bytes = Uint8Array.from({ length: 1_300_000 }, (_, i) => (i * 7919) >> 3);
  writeFileSync(path, bytes);
  const file = await openFile(path);
  const whole = new Blob([await readFile(path)]);
  const isLinux = process.platform === 'linux';
  const openNow = () => (isLinux ? readdirSync('/proc/self/fd').length : 0);
  const before = openNow();
  const parts: [number?, number?][] = [
    [],
    [5],
    [5, 9],
    [-4],
    [-9, -2],
    [9, 5],
    [0, 1e9],
    [1e9],
    [600_000, 600_001],
  ];
  for (const part of parts) {
    const [got, expected] = [file.slice(...part), whole.slice(...part)];
    expect(got.size).toBe(expected.size);
    expect(Buffer.compare(await got.bytes(), Buffer.from(await expected.arrayBuffer()))).toBe(0);
  }
  const inner = file.slice(100, 300).slice(50, 60);
  expect([...(await inner.bytes())]).toEqual([...bytes.subarray(150, 160)]);
  expect(await file.slice(0, 40).text()).toBe(await whole.slice(0, 40).text());
  expect(await sha256Of(file, new AbortController().signal)).toBe(
    createHash('sha256').update(bytes).digest('hex'),
  );
  await Promise.all(Array.from({ length: 200 }, (_, i) => file.slice(i, i + 1000).arrayBuffer()));
  expect(openNow()).toBe(before);
});

test('a file that changed since it was opened is refused, not read', async () => {
  const path = join(scratch(), 'growing.safetensors');
  await sparseFile(path, 16);
  const { tensors } = await openCheckpoint(await openFile(path));
  appendFileSync(path, 'more');
  await expect(tensors.get('last')?.read()).rejects.toThrow(
    /^growing\.safetensors: bytes .* could not be read \(Error: it has another size or date .*\)\. If the file changed on disk, choose it again\.$/,
  );
});
