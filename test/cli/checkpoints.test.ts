import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { WeightStorage } from '../../src/index.ts';
import type { Info } from '../../weights-tools/commands/info.ts';
import { generateCheckpoint } from '../../weights-tools/generate/checkpoint.ts';
import { demoModel } from '../../weights-tools/node/package.ts';
import { fixtureNames, fixturePath, phantomPath, sha256 } from '../weights/fixtures.ts';
import { cancellable, namesIn, sam2rad, scratch } from './run.ts';

const BAD = fixtureNames('checkpoints/bad');
const GOOD = fixtureNames('checkpoints/good').filter((name) => name !== 'expected.json');

// What is timed is the commands, not vitest's first look at their modules.
beforeAll(async () => {
  for (const command of ['convert', 'info', 'segment']) await sam2rad(command, '--help');
});

test.each(BAD)('bad/%s: one clear error from each command, at once, and no output file', async (name) => {
  const path = fixturePath(`checkpoints/bad/${name}`);
  const folder = scratch();
  const prompt = ['--point', '1,2,1'];
  for (const argv of [
    ['convert', path, '-o', join(folder, 'out.safetensors')],
    ['info', path],
    ['segment', phantomPath('wrist/000'), '-m', path, '-o', folder, ...prompt],
  ]) {
    const { code, out, err, cpuMs } = await sam2rad(...argv);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^sam2rad: [^\n]+\n$/);
    expect(err).toContain(name);
    expect(err).not.toMatch(/unexpected/);
    expect(cpuMs).toBeLessThan(1000);
  }
  expect(namesIn(folder)).toEqual([]);
});

test.each(GOOD)('good/%s: no model, which info says and convert refuses', async (name) => {
  const path = fixturePath(`checkpoints/good/${name}`);
  const described = await sam2rad('info', path, '--json');
  expect(described).toMatchObject({ code: 0, err: '' });
  const info: Info = JSON.parse(described.out);
  expect(info.container).toBe(name.startsWith('legacy') ? 'torch-legacy' : 'torch-zip');
  expect(info.storage.reduce((sum, { tensors }) => sum + tensors, 0)).toBe(info.tensors);
  expect(info.model).toBeUndefined();
  expect(info.reason).toContain(name);
  expect((await sam2rad('info', path)).out).toMatch(/no model/);

  const folder = scratch();
  const converted = await sam2rad('convert', path, '-o', join(folder, 'out.safetensors'));
  expect(converted).toMatchObject({ code: 1, out: '' });
  expect(converted.err).toContain(name);
  expect(namesIn(folder)).toEqual([]);
});

test('info of the demo model', async () => {
  const { code, out } = await sam2rad('info', demoModel(), '--json');
  expect(code).toBe(0);
  const info: Info = JSON.parse(out);
  expect(info).toMatchObject({
    container: 'safetensors',
    tensors: 263,
    storage: [{ dtype: 'F16', tensors: 263, bytes: 2 * 5963601 }],
    warnings: [],
    model: {
      family: 'sam2',
      size: 'nano',
      layout: 'canonical',
      imageSize: 256,
      preprocess: 'sam2',
      promptPredictor: null,
      classes: [],
      parameters: 5963601,
    },
  });
  const { encode, auto, storages, weightBytes, peakBytes, unsharedBytes } = info.model?.cost ?? {};
  expect(auto).toBeNull();
  expect(encode?.flops).toBeGreaterThan(1e9);
  // All parameters but those of other prompts are uploaded, some of them packed or padded: matrices as in the file.
  expect(info.model?.storage).toBe('f16');
  expect(storages?.f16.weightBytes).toBe(weightBytes);
  for (const [storage, least] of Object.entries({ f32: 3, f16: 1.5, q8: 0.75 })) {
    const { weightBytes: bytes = 0, gpuBytes } = storages?.[storage as WeightStorage] ?? {};
    expect(bytes).toBeGreaterThan(least * 5963601);
    expect(bytes).toBeLessThan((5 / 3) * least * 5963601);
    expect(gpuBytes).toBe(bytes + (peakBytes ?? 0));
  }
  expect(peakBytes).toBeLessThan(unsharedBytes ?? 0);
  const text = (await sam2rad('info', demoModel())).out;
  expect(text).toMatch(/GPU work +\d.* to encode a picture\n.* for a box\nGPU memory +\d/);
  expect(text).toMatch(/family +sam2, size nano\nimage size +256 x 256/);
  expect(text).toMatch(/parameters +5,963,601/);
});

test('info of a Sam2Rad checkpoint names its classes, and what all of them cost beside a click', async () => {
  const path = join(scratch(), 'nano-sam2rad.ckpt');
  await generateCheckpoint(fixturePath('goldens/nano-sam2rad.weights.json'), path);
  const { out } = await sam2rad('info', path);
  expect(out).toMatch(/^model +Sam2Rad on SAM2 Hiera nano\nfamily +sam2, size nano\nimage size +256 x 256/m);
  expect(out).toMatch(
    /^modes +auto \(high-res prompt predictor\), manual\nclasses +2 of phantom, 10 tokens each$/m,
  );
  expect(out).toMatch(/^layout +sam2rad in torch-zip/m);
  expect(out).toMatch(
    /^GPU work +[\d.]+ GFLOP in \d+ dispatches to encode a picture\n +[\d.]+ GFLOP in \d+ dispatches for all classes in auto mode\n +[\d.]+ GFLOP in \d+ dispatches for a box$/m,
  );
  const wide = JSON.parse((await sam2rad('info', path, '--image-size', '512', '--json')).out);
  const { model }: Info = JSON.parse((await sam2rad('info', path, '--json')).out);
  // Four times the pixels are four times the work, but for the two blocks with global attention: two products of
  // 16 x 16 tokens with each other, 128 channels wide, take sixteen times as much.
  const small = model?.cost?.encode.flops ?? 0;
  const everywhere = 2 * 2 * 2 * 256 ** 2 * 128;
  const expected = 4 * (small - everywhere) + 16 * everywhere;
  expect(Math.abs(wide.model.cost.encode.flops / expected - 1)).toBeLessThan(0.01);
  expect(wide.model.parameters).toBe(model?.parameters);
});

test('converting a converted file is the identity, and f32 loses nothing on the way', async () => {
  const folder = scratch();
  const [again, wide, back] = ['again', 'wide', 'back'].map((name) => join(folder, `${name}.safetensors`));
  if (!again || !wide || !back) throw new Error('three paths were expected');
  expect(await sam2rad('convert', demoModel(), '-o', again, '--dtype', 'f16')).toMatchObject({
    code: 0,
    err: '',
  });
  expect(await sam2rad('convert', demoModel(), '-o', wide)).toMatchObject({ code: 0 });
  expect(await sam2rad('convert', wide, '-o', back, '--dtype', 'f16')).toMatchObject({ code: 0 });
  const original = sha256(readFileSync(demoModel()));
  expect(sha256(readFileSync(again))).toBe(original);
  expect(sha256(readFileSync(back))).toBe(original);
  expect(namesIn(folder)).toEqual(['again.safetensors', 'back.safetensors', 'wide.safetensors']);
});

test('a q8 file has a quarter of the bytes, and is segmented as it is stored or as it is asked', async () => {
  const folder = scratch();
  const [wide, small] = [join(folder, 'wide.safetensors'), join(folder, 'small.safetensors')];
  await sam2rad('convert', demoModel(), '-o', wide);
  const { out } = await sam2rad('convert', wide, '-o', small, '--dtype', 'q8');
  expect(out).toMatch(/parameters as q8, 6\.\d MB/);
  expect(statSync(small).size / statSync(wide).size).toBeLessThan(0.28);
  const info = (await sam2rad('info', small)).out;
  expect(info).toMatch(
    /GPU memory +7\.\d MB of weights.*\n.*with storage f32.*\n.*with storage f16.*\n.*with storage q8/,
  );
  expect(info).toMatch(/storage +I8 5\.9 MB in 92 tensors\n +F32 .* in 92 tensors\n +F16/);
  const picture = phantomPath('wrist/000');
  const prompt = ['--box', '100,100,300,200', '-o', folder, '--json'];
  const storageOf = async (...more: string[]) =>
    JSON.parse((await sam2rad('segment', picture, '-m', small, ...prompt, ...more)).out).pictures[0].model
      .storage;
  expect(await storageOf()).toBe('q8');
  expect(await storageOf('--storage', 'f16')).toBe('f16');
});

test('a file may be converted onto itself, and --image-size is kept', async () => {
  const path = join(scratch(), 'model.safetensors');
  copyFileSync(demoModel(), path);
  const sized = await sam2rad('convert', path, '-o', path, '--dtype', 'f16', '--image-size', '512');
  expect(sized).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse((await sam2rad('info', path, '--json')).out)).toMatchObject({
    model: { imageSize: 512 },
  });
  const odd = await sam2rad('convert', path, '-o', path, '--image-size', '500');
  expect(odd.code).toBe(1);
  expect(odd.err).toMatch(/500/);
});

test('an output that cannot be written is an error with its path, and leaves nothing', async () => {
  const folder = scratch();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'taken.safetensors'));
  for (const [output, reason] of [
    ['missing/out.safetensors', 'there is no such file or folder'],
    ['file/out.safetensors', 'a part of the path is no folder'],
    ['taken.safetensors', 'it is a folder'],
  ] as const) {
    const { code, err } = await sam2rad('convert', demoModel(), '-o', join(folder, output));
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^sam2rad: cannot write .*${output}: ${reason}[^\n]*\n$`));
  }
  expect(namesIn(folder)).toEqual(['file', 'taken.safetensors']);
});

test('Ctrl-C in the middle leaves the old file as it was', async () => {
  const folder = scratch();
  const output = join(folder, 'out.safetensors');
  writeFileSync(output, 'old');
  const cancel = new AbortController();
  setTimeout(() => cancel.abort(), 20);
  const { code, err } = await cancellable(cancel.signal, 'convert', demoModel(), '-o', output);
  expect({ code, err }).toEqual({ code: 130, err: 'sam2rad: cancelled\n' });
  expect(readFileSync(output, 'utf8')).toBe('old');
  expect(namesIn(folder)).toEqual(['out.safetensors']);
});
