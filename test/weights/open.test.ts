import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { cpuMillis, fixtureBlob, fixtureJson, fixtureNames, sha256 } from './fixtures.ts';

type Expected = Record<string, Record<string, { dtype: string; shape: number[]; sha256: string }>>;
const expected = fixtureJson<Expected>('checkpoints/good/expected.json');

test.each(Object.keys(expected))('reads %s as torch does, bit for bit', async (name) => {
  const checkpoint = await openCheckpoint(await fixtureBlob(`checkpoints/good/${name}`), { name });
  const found: Expected[string] = {};
  for (const [key, tensor] of checkpoint.tensors) {
    found[key] = { dtype: tensor.dtype, shape: [...tensor.shape], sha256: sha256(await tensor.read()) };
  }
  expect(found).toEqual(expected[name]);
});

test.each(fixtureNames('checkpoints/bad'))('refuses %s with one clear error', async (name) => {
  const start = cpuMillis();
  const error = await readAll(name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(cpuMillis() - start).toBeLessThan(1000);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(String(error)).toContain(name);
});

async function readAll(name: string): Promise<void> {
  const checkpoint = await openCheckpoint(await fixtureBlob(`checkpoints/bad/${name}`), { name });
  for (const tensor of checkpoint.tensors.values()) await tensor.read();
}

test.each([
  ['model.safetensors', 'String'],
  [new Uint8Array(64), 'Uint8Array'],
  [undefined, 'Undefined'],
])('what is no file is refused for what it is: %o', async (value, kind) => {
  // A caller without types may hand over anything.
  const opening = openCheckpoint(value as unknown as Blob);
  await expect(opening).rejects.toThrow(CheckpointError);
  await expect(opening).rejects.toThrow(
    `openCheckpoint got ${kind}, expected a File or a Blob: new Blob([bytes]), or openAsBlob(path) of node:fs`,
  );
});
