/** Damaged files end in a CheckpointError or load; they never throw anything else, hang or fill the memory. */
import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { openZip, ZipReader } from '../../src/weights/zip.ts';
import { cpuMillis, fixtureBlob, fixtureBytes, fixtureNames } from './fixtures.ts';
import { mix } from './generated-weights.ts';
import { makeTorchZip } from './make-checkpoint.ts';

const good = fixtureNames('checkpoints/good').filter((name) => !name.endsWith('.json'));

/** Flips up to four bytes, cuts the end off, or copies one part over another: by the seed alone. */
function damage(bytes: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const pick = (i: number, below: number) => mix(seed, i) % Math.max(below, 1);
  const kind = pick(0, 10);
  if (kind === 0) return bytes.slice(0, pick(1, bytes.length));
  const out = bytes.slice();
  if (kind === 1) {
    const length = pick(1, 40);
    const from = pick(2, bytes.length - length);
    out.copyWithin(pick(3, bytes.length - length), from, from + length);
    return out;
  }
  for (let i = 0; i <= pick(1, 4); i++) out[pick(2 + 2 * i, bytes.length)] = pick(3 + 2 * i, 256);
  return out;
}

interface Tally {
  loaded: number;
  refused: number;
}

async function tryAll(blob: Blob, name: string, tally: Tally): Promise<void> {
  const start = cpuMillis();
  try {
    const { tensors } = await openCheckpoint(blob, { name });
    for (const tensor of tensors.values()) await tensor.read();
    tally.loaded++;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw new Error(`${name}: ${String(error)}`, { cause: error });
    if (!error.message.includes(name)) throw new Error(`${name} is not named in: ${error.message}`);
    tally.refused++;
  }
  const took = cpuMillis() - start;
  if (took > 1000) throw new Error(`${name} took ${took} ms`);
}

test.each(good)('%s with 150 kinds of damage', async (name) => {
  const bytes = fixtureBytes(`checkpoints/good/${name}`);
  const tally: Tally = { loaded: 0, refused: 0 };
  for (let seed = 0; seed < 150; seed++)
    await tryAll(new Blob([damage(bytes, seed)]), `${name}#${seed}`, tally);
  expect(tally.refused).toBeGreaterThan(25);
});

test.each(good)('%s cut at each of 100 places', async (name) => {
  const bytes = fixtureBytes(`checkpoints/good/${name}`);
  const tally: Tally = { loaded: 0, refused: 0 };
  for (let i = 0; i < 100; i++) {
    await tryAll(new Blob([bytes.slice(0, Math.floor((bytes.length * i) / 100))]), `${name}@${i}%`, tally);
  }
  expect(tally.loaded).toBe(0);
});

test.each(good.filter((name) => !name.startsWith('legacy')))(
  'the pickle of %s, damaged under a right CRC',
  async (name) => {
    const file = { blob: await fixtureBlob(`checkpoints/good/${name}`), name };
    const entries = await openZip(file);
    const contents = new Map<string, Uint8Array>();
    for (const [path, entry] of entries) {
      contents.set(path.replace(/^[^/]*\//, ''), await new ZipReader(file, entry).read(0, entry.bytes));
    }
    const pickle = contents.get('data.pkl') ?? new Uint8Array();
    const storages = Object.fromEntries(
      [...contents].flatMap(([path, bytes]) => (path.startsWith('data/') ? [[path.slice(5), bytes]] : [])),
    );
    const tally: Tally = { loaded: 0, refused: 0 };
    for (let seed = 1000; seed < 1200; seed++) {
      await tryAll(makeTorchZip(damage(pickle, seed), storages), `${name}#${seed}`, tally);
    }
    expect(tally.loaded).toBeGreaterThan(2);
    expect(tally.refused).toBeGreaterThan(50);
  },
);

test('a safetensors file with 500 kinds of damage', async () => {
  const make = (name: string, dtype: 'F32' | 'F16' | 'I64', bytes: number, shape: number[]) => ({
    ...{ name, dtype, shape },
    bytes: async () => new Uint8Array(bytes).fill(7),
  });
  const sources = [make('a', 'F32', 24, [2, 3]), make('b.c', 'F16', 10, [5]), make('n', 'I64', 8, [])];
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of writeSafetensors(sources, { source: 'fuzz "é\\' }))
    chunks.push(new Uint8Array(chunk));
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  const tally: Tally = { loaded: 0, refused: 0 };
  await tryAll(new Blob([bytes]), 'whole.safetensors', tally);
  expect(tally.loaded).toBe(1);
  for (let seed = 0; seed < 500; seed++) {
    await tryAll(new Blob([damage(bytes, seed)]), `${seed}.safetensors`, tally);
  }
  expect(tally.refused).toBeGreaterThan(250);
});
