import { openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { classNamesOf } from '../../src/weights/config.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { referenceCheckpoint } from '../../src/weights/reference-layout.ts';
import { fixtureJson } from '../weights/fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from '../weights/generated-weights.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

const open = async (path: string) => openCheckpoint(await openAsBlob(path));

test('convert --layout reference: from our file, with the original beside it, every tensor is the original', async () => {
  const folder = scratch();
  const [original, ours, alone, whole] = ['original', 'ours', 'alone', 'whole'].map((name) =>
    join(folder, `${name}.safetensors`),
  ) as [string, string, string, string];
  const weights = fixtureJson<WeightsJson>('goldens/nano-sam2rad-adapter-lora.weights.json');
  const chunks: Uint8Array[] = [];
  for await (const chunk of referenceCheckpoint(generatedCheckpoint(weights))) chunks.push(chunk);
  writeFileSync(original, Buffer.concat(chunks));

  expect(await sam2rad('convert', original, '-o', ours)).toMatchObject({ code: 0, err: '' });
  const layout = ['--layout', 'reference'];
  const noted = await sam2rad('convert', ours, '-o', alone, ...layout);
  expect(noted.code).toBe(0);
  expect(noted.err).toMatch(/^sam2rad: note: 159 tensors of video memory are zeros/);
  expect(noted.out).toMatch(/as f32, .* in the reference's layout\n$/);
  expect(await sam2rad('convert', ours, '-o', whole, ...layout, '--base', original)).toMatchObject({
    code: 0,
    err: '',
  });

  const [first, second] = [await open(original), await open(whole)];
  expect([...second.tensors.keys()].sort()).toEqual(Object.keys(weights).sort());
  expect([...(await open(alone)).tensors.keys()].sort()).toEqual(Object.keys(weights).sort());
  for (const [key, tensor] of first.tensors) {
    const [was, is] = [await tensor.read(), await second.tensors.get(key)?.read()];
    if (!is || Buffer.compare(was, is) !== 0) throw new Error(`${key} differs`);
  }
});

test('convert --classes: what learned classes are called goes with the file', async () => {
  const folder = scratch();
  const [ours, named] = [join(folder, 'ours.safetensors'), join(folder, 'named.safetensors')];
  const chunks: Uint8Array[] = [];
  const weights = fixtureJson<WeightsJson>('goldens/nano-sam2rad.weights.json');
  for await (const chunk of convertCheckpoint(generatedCheckpoint(weights), { dtype: 'q8' }))
    chunks.push(chunk);
  writeFileSync(ours, Buffer.concat(chunks));
  const refused = await sam2rad('convert', ours, '-o', named, '--classes', 'bone, bone');
  expect(refused.code).not.toBe(0);
  expect(refused.err).toMatch(/has 2 learned classes and cannot call them 'bone', 'bone'/);
  expect(namesIn(folder)).toEqual(['ours.safetensors']);
  expect((await sam2rad('convert', ours, '-o', named, '--classes', 'bone surface,  tendon')).code).toBe(0);
  expect(classNamesOf(describeCheckpoint(await open(named)).config)).toEqual(['bone surface', 'tendon']);
});

test.each([
  [['--layout', 'lightning'], /--layout is 'lightning', expected canonical or reference/],
  [['--layout', 'reference', '--dtype', 'f16'], /--dtype is 'f16', but --layout reference is f32/],
  [['--base', 'a.pt'], /--base is for --layout reference/],
  [['--layout', 'reference', '--classes', 'bone'], /--classes is for the canonical layout/],
])('convert %s is refused', async (options, message) => {
  const folder = scratch();
  const { code, err } = await sam2rad('convert', 'a.pt', '-o', join(folder, 'b.safetensors'), ...options);
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(namesIn(folder)).toEqual([]);
});
