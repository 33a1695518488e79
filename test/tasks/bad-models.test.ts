/**
 * Files that are sound, but no model: each is refused with one CheckpointError that names the file, what was got, what
 * was expected and what to do, before any device is asked for, so that nothing can stay on a GPU.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError, loadModel } from '../../src/index.ts';
import { convertCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { StoredTensor } from '../../src/weights/types.ts';
import { type TensorSource, writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { writeTorch } from '../../weights-tools/generate/write-torch.ts';
import { namesIn, sam2rad, scratch } from '../cli/run.ts';
import { fixtureJson, phantomPath } from '../weights/fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from '../weights/generated-weights.ts';
import { demoFile, sam2radFile } from './models.ts';

const noGpu = {
  requestAdapter: () => Promise.reject(new Error('the file should have been refused first')),
} as unknown as GPU;

type Tensors = ReadonlyMap<string, StoredTensor>;
const load = (path: string): Tensors => generatedCheckpoint(fixtureJson<WeightsJson>(`${path}.json`)).tensors;
const meta = { nano: load('goldens/nano-sam2.weights'), vit: load('tables/sam_vit_b') };
const ours = {
  hiera: load('goldens/nano-sam2rad.weights'),
  vit: load('goldens/sam2rad-vit-b.weights'),
  tinyvit: load('goldens/sam2rad-vit-tiny.weights'),
};

const ENCODER = /image_encoder\./;
const PREDICTOR = /prompt_sampler\./;
const only = (tensors: Tensors, part: RegExp) => [...tensors].filter(([name]) => part.test(name));
const without = (tensors: Tensors, part: RegExp) => [...tensors].filter(([name]) => !part.test(name));

async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk));
  return parts;
}

/** A file with these tensors; what is refused by its directory needs no values. */
async function fileOf(tensors: Iterable<[string, StoredTensor]>): Promise<File> {
  const sources = Array.from(tensors, ([name, { shape }]): TensorSource => {
    const bytes = async () => new Uint8Array(4 * shape.reduce((product, side) => product * side, 1));
    return { name, shape, dtype: 'F32', bytes };
  });
  return new File(await gathered(writeSafetensors(sources)), 'mixed.safetensors');
}

async function refused(file: File, message: RegExp, options: { imageSize?: number } = {}): Promise<void> {
  const error = await loadModel(file, { gpu: noGpu, ...options }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  const { message: got } = error as CheckpointError;
  expect(got).toMatch(message);
  expect(got.startsWith(file.name)).toBe(true);
  expect(got).not.toMatch(/undefined|\[object|\n/);
}

/** The same from each command: one line, and no file. */
async function refusedByCli(file: File, message: RegExp): Promise<void> {
  const [folder, output] = [scratch(), scratch()];
  const path = join(folder, file.name);
  writeFileSync(path, new Uint8Array(await file.arrayBuffer()));
  const picture = phantomPath('wrist/000');
  for (const argv of [
    ['convert', path, '-o', join(output, 'out.safetensors')],
    ['segment', picture, '-m', path, '-o', output, '--point', '1,2,1'],
  ]) {
    const { code, out, err } = await sam2rad(...argv);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).toMatch(/^sam2rad: [^\n]+\n$/);
  }
  expect(namesIn(output)).toEqual([]);
}

const MIXED: readonly (readonly [string, () => [string, StoredTensor][], RegExp])[] = [
  [
    "SAM2's encoder with SAM's decoder",
    () => [...only(meta.nano, ENCODER), ...without(meta.vit, ENCODER)],
    /^mixed\.safetensors is nearest to SAM2 Hiera nano .* Missing \(12\): no_mem_embed; .* It mixes families: the image encoder is SAM2's, the mask decoder is SAM's\. Give the whole, unchanged checkpoint\.$/,
  ],
  [
    "SAM's encoder with SAM2's decoder",
    () => [...only(meta.vit, ENCODER), ...without(meta.nano, ENCODER)],
    /nearest to SAM ViT-B .* Extra \(5\): no_mem_embed; .*: the image encoder is SAM's, the mask decoder is SAM2's\. Give/,
  ],
  [
    'two encoders',
    () => [...meta.vit, ...only(meta.nano, ENCODER)],
    /Extra \(177\): .*: the image encoder is SAM2's, a second image encoder is SAM's, the mask decoder is SAM's\./,
  ],
  [
    "SAM2's encoder with a predictor of ViT-B",
    () => [...without(ours.hiera, PREDICTOR), ...only(ours.vit, PREDICTOR)],
    /Sam2Rad on SAM2 Hiera nano .* Wrong \(2\): \S+channel_adapters\.1\.weight is \[256, 768, 1, 1\], expected \[256, 64, 1, 1\]; .* image encoder is SAM2's, the prompt predictor is for SAM ViT-B\./,
  ],
  [
    "ViT-B with SAM2's predictor",
    () => [...without(ours.vit, PREDICTOR), ...only(ours.hiera, PREDICTOR)],
    /Wrong \(2\): .* image encoder is SAM's, the prompt predictor is for SAM2\./,
  ],
  [
    "ViT-B with MobileSAM's predictor",
    () => [...without(ours.vit, PREDICTOR), ...only(ours.tinyvit, PREDICTOR)],
    /expected \[256, 768, 1, 1\]; .* image encoder is SAM's, the prompt predictor is for MobileSAM\./,
  ],
  [
    'an encoder alone',
    () => only(meta.nano, ENCODER),
    /Missing \(149\): no_mem_embed; .*; \.\.\.\. Give the whole/,
  ],
  [
    'an encoder without its last block',
    () => without(meta.nano, /blocks\.7\./),
    /nearest to SAM2\.1 Hiera nano .* Missing \(\d+\): image_encoder\.trunk\.blocks\.7\.norm1\.weight; /,
  ],
];

describe('parts that do not belong together', () => {
  test.each(MIXED)('%s', async (_, tensors, message) => refused(await fileOf(tensors()), message));

  test('the command line says the same in one line, and writes nothing', async () => {
    const [[, tensors] = [], , , [, predictor] = []] = MIXED;
    await refusedByCli(await fileOf(tensors?.() ?? []), /the mask decoder is SAM's/);
    await refusedByCli(await fileOf(predictor?.() ?? []), /the prompt predictor is for SAM ViT-B/);
  });

  test('queries of other tokens than 256, or of two only', async () => {
    const queries = 'model.learnable_prompts.phantom';
    const changed = (shape: readonly number[]): [string, StoredTensor][] =>
      Array.from(ours.hiera, ([name, tensor]) => [name, name === queries ? { ...tensor, shape } : tensor]);
    await refused(await fileOf(changed([2, 10, 128])), /phantom is \[2, 10, 128\], expected \[2, 10, 256\]/);
    await refused(await fileOf(changed([2, 2, 256])), /phantom is \[2, 2, 256\], expected \[2, 3, 256\]/);
    await refused(await fileOf(changed([20, 256])), /phantom is \[20, 256\], expected \[20, 256, 256\]/);
  });
});

/** A converted file with one word of its header replaced by another of the same length. */
async function headerEdited(file: Blob, from: string, to: string): Promise<File> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  expect(header.split(from)).toHaveLength(2);
  expect(to).toHaveLength(from.length);
  bytes.set(new TextEncoder().encode(header.replace(from, to)), 8);
  return new File([bytes], 'edited.safetensors');
}

describe('metadata that contradict the tensors', () => {
  test('another number of classes than the queries have', async () => {
    const edited = await headerEdited(await sam2radFile(), '\\"classes\\":2', '\\"classes\\":3');
    const message =
      /^(sam2rad: )?edited\.safetensors: the config in its metadata says datasets \[\{"name":"phantom","classes":3,"tokens":10\}\], its tensors say \[\{"name":"phantom","classes":2,"tokens":10\}\]\. Convert it again/;
    await refused(edited, message);
    await refusedByCli(edited, message);
  });

  test('another size, family, storage or image size', async () => {
    const demo = await demoFile();
    const q8 = new Blob(await gathered(convertCheckpoint(await openCheckpoint(demo), { dtype: 'q8' })));
    await refused(
      await headerEdited(demo, '\\"nano\\"', '\\"tiny\\"'),
      /says size "tiny", its tensors say "nano"/,
    );
    await refused(
      await headerEdited(demo, '\\"family\\":\\"sam2\\"', '\\"family\\":\\"sam3\\"'),
      /says family "sam3", its tensors say "sam2"/,
    );
    await refused(await headerEdited(q8, '"storage":"q8"', '"storage":"q4"'), /has the unknown storage 'q4'/);
    await refused(
      await headerEdited(demo, '\\"imageSize\\":256', '\\"imageSize\\":250'),
      /image size 250 was asked for, expected a multiple of 64 in 256\.\.2048/,
    );
    const claims = { ...(await openCheckpoint(demo)).metadata, storage: 'q8' };
    const sources = Array.from((await openCheckpoint(demo)).tensors.values(), (tensor) => ({
      ...tensor,
      bytes: () => tensor.read(),
    }));
    const lie = new File(await gathered(writeSafetensors(sources, claims)), 'lie.safetensors');
    await refused(lie, /says storage q8, its tensors say f16\. Convert it again from the original\./);
  });
});

test.each([0, 100, 320.5, 192, 4096])('image size %s: API and command line', async (imageSize) => {
  const file = new File([await demoFile()], 'demo.safetensors');
  await refused(file, new RegExp(`image size ${imageSize} was asked for, expected a multiple of 64`), {
    imageSize,
  });
  if (imageSize !== 100) return;
  const path = join(scratch(), 'demo.safetensors');
  writeFileSync(path, new Uint8Array(await file.arrayBuffer()));
  const picture = phantomPath('wrist/000');
  for (const argv of [
    ['segment', picture, '-m', path, '--point', '1,2,1'],
    ['info', path],
  ]) {
    const { code, out, err } = await sam2rad(...argv, '--image-size', '100');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/demo\.safetensors: image size 100 was asked for, expected a multiple of 64/);
  }
});

test('a torch checkpoint cut off anywhere', async () => {
  const whole = new Blob(await gathered(writeTorch(meta.nano, 'model')));
  for (const share of [0.001, 0.3, 0.999])
    await refused(
      new File([whole.slice(0, Math.floor(share * whole.size))], 'cut.pt'),
      /^cut\.pt: .*truncated/,
    );
});
