import { expect, test } from 'vitest';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { openZip, ZipReader } from '../../src/weights/zip.ts';
import { type TorchTensor, type Wrapping, writeTorch } from '../../weights-tools/generate/write-torch.ts';
import { ZipWriter } from '../../weights-tools/generate/zip-writer.ts';
import { fixtureJson } from './fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';

const weights = fixtureJson<WeightsJson>('goldens/nano-sam2rad.weights.json');
const source = generatedCheckpoint(weights);
const tensors = new Map<string, TorchTensor>(
  Array.from(source.tensors, ([name, tensor]) => [name, { ...tensor, alias: weights[name]?.alias_of }]),
);

async function written(wrapping: Wrapping): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of writeTorch(tensors, wrapping)) parts.push(new Uint8Array(chunk));
  return new Blob(parts);
}

test('a Lightning checkpoint of the rule: every key, shape and value; aliases share a storage', async () => {
  const blob = await written('lightning');
  const own = [...tensors.values()].filter(({ alias }) => alias === undefined);
  const values = own.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  expect(own.length).toBeLessThan(tensors.size);
  expect(blob.size / (4 * values) - 1).toBeLessThan(0.01);
  const opened = await openCheckpoint(blob, { name: 'made.ckpt' });
  expect(opened).toMatchObject({ container: 'torch-zip', warnings: [] });
  expect([...opened.tensors.keys()]).toEqual([...tensors.keys()].map((name) => `state_dict.${name}`));
  for (const name of [...tensors.keys()].filter((_, i) => i % 40 === 0)) {
    const read = opened.tensors.get(`state_dict.${name}`);
    expect(read?.shape).toEqual(tensors.get(name)?.shape);
    expect(await read?.readF32()).toEqual(await tensors.get(name)?.readF32());
  }
  expect(describeCheckpoint(opened).title).toBe('Sam2Rad on SAM2 Hiera nano');
});

test.each(['flat', 'model'] as const)('the layout %s is one of those that we know', async (wrapping) => {
  const opened = await openCheckpoint(await written(wrapping));
  const [first] = tensors.keys();
  expect([...opened.tensors.keys()][0]).toBe(wrapping === 'flat' ? first : `model.${first}`);
  expect(describeCheckpoint(opened).layout).toBe('sam2rad');
});

test.each([false, true])(
  'contents lie at multiples of 64, as torch aligns them (zip64: %s)',
  async (zip64) => {
    const zip = new ZipWriter({ align: 64, zip64 });
    const files = new Map([1, 33, 34, 35, 36, 64, 1000].map((n) => [`a/${n}`, new Uint8Array(n).fill(n)]));
    const parts = [...files].flatMap(([path, bytes]) => zip.add(path, bytes));
    const file = { blob: new Blob([...parts, zip.end()].map((part) => new Uint8Array(part))), name: 'a.zip' };
    const entries = await openZip(file);
    expect([...entries.keys()]).toEqual([...files.keys()]);
    const all = new Uint8Array(await file.blob.arrayBuffer());
    for (const [path, bytes] of files) {
      const entry = entries.get(path);
      if (!entry) throw new Error(path);
      expect(await new ZipReader(file, entry).read(0, bytes.length)).toEqual(bytes);
      const view = new DataView(all.buffer, entry.header);
      const start = entry.header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
      expect(start % 64).toBe(0);
    }
  },
);
