import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/weights/open.ts';
import { main } from '../../weights-tools/main.ts';
import { openFile } from '../../weights-tools/node/files.ts';
import { demoModel, packageRoot, versionIn } from '../../weights-tools/node/package.ts';
import { readRecord } from '../../weights-tools/train/resume.ts';
import { namesIn, scratch } from '../cli/run.ts';
import { type Faults, fakeEngine, jobs } from './fake-engine.ts';

const WRIST = join(packageRoot(), 'phantoms/wrist');
const FILES = ['model.csv', 'model.json', 'model.safetensors', 'model.svg'];
const CHECKPOINT = 'model.checkpoint.safetensors';

beforeEach(() => {
  jobs.length = 0;
});

/** Runs `sam2rad train ...argv` with the fake engine. */
async function train(argv: readonly string[], faults: Faults = {}, cancel = new AbortController()) {
  let [out, err] = ['', ''];
  const code = await main(['train', ...argv], {
    out: (text) => {
      out += text;
    },
    err: {
      write: (text) => {
        if (!/ (\d+ %|\.\.\.)\n$/.test(text)) err += text;
      },
    },
    signal: cancel.signal,
    startTraining: fakeEngine(faults),
  });
  return { code, out, err };
}

const wrist = (folder: string, ...more: string[]) => [WRIST, '-m', demoModel(), '-o', folder, ...more];
const text = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
const metadataOf = async (path: string) => (await openCheckpoint(await openFile(path))).metadata;

test('model, curves, record: all of them, and the same run again is the same', async () => {
  const folder = scratch();
  const { code, out, err } = await train(wrist(folder, '--epochs', '12', '--seed', '3'));
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(
      /^sam2rad: warning: Dice is measured on the training pictures themselves[^\n]*\nsam2rad: the training takes \d+\.\d MB on the GPU, as planned: activations /,
    ),
  });
  expect(out).toMatch(/^36 steps in 0:0\d, loss .*\n {2}Dice of the training pictures: class 1 /);
  expect(namesIn(folder)).toEqual([CHECKPOINT, ...FILES].sort());
  const [job] = jobs;
  expect(job).toMatchObject({
    datasetName: 'wrist',
    classNames: ['class 1'],
    settings: {
      train: 'ppn',
      tokens: 10,
      queryDeviation: 1 / 16,
      epochs: 12,
      batch: 4,
      learningRate: 1e-4,
      clip: null,
      augment: 'mirror',
      preprocess: 'sam2rad',
      seed: 3,
    },
  });
  expect(job?.training.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, i) => `00${i}`));
  const example = await job?.training[0]?.load();
  expect(example?.picture).toMatchObject({ width: 582, height: 486 });
  expect(example?.classMap.reduce((sum, value) => sum + value, 0)).toBe(4826);

  const record = JSON.parse(text(folder, 'model.json'));
  expect(record).toMatchObject({
    choices: { seed: 3, epochs: 12, validation: null },
    base: { file: 'sam2-nano-shapes.safetensors', sha256: expect.stringMatching(/^5302da6a[0-9a-f]{56}$/) },
    adapter: { description: 'fake' },
    software: {
      node: process.version,
      webgpu: versionIn(createRequire(import.meta.url).resolve('webgpu/package.json')),
      ...{ sharp: sharp.versions.sharp, vips: sharp.versions.vips },
    },
    validation: [],
  });
  const { memory } = record;
  expect(memory.total).toBe(memory.activations + memory.learned + memory.frozen + memory.named);
  expect(record.training[0]).toMatchObject({
    name: '000',
    group: '000',
    image: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(JSON.parse((await metadataOf(join(folder, 'model.safetensors')))['run'] ?? '')).toEqual(record);

  const rows = text(folder, 'model.csv').trimEnd().split('\n');
  expect(rows[0]).toBe(
    'epoch,step,learning_rate,loss_total,loss_dice,loss_focal,loss_box,loss_object,loss_interim,val_dice,val_dice class 1,gradient_norm',
  );
  // Dice with the checkpoint of the tenth epoch, and at the end.
  expect(rows).toHaveLength(1 + 36 + 2);
  expect(rows[1]).toMatch(/^1,1,0\.0001,3\.5999999046325684,/);
  expect(rows.filter((row) => /,0\.9\d+,0\.9\d+,$/.test(row)).map((row) => row.split(',,')[0])).toEqual([
    '10,30',
    '12,36',
  ]);
  const again = scratch();
  await train(wrist(again, '--epochs', '12', '--seed', '3'));
  for (const name of [CHECKPOINT, ...FILES])
    expect(readFileSync(join(again, name)).equals(readFileSync(join(folder, name))), name).toBe(true);
});

test('-o NAME.safetensors, --layout, --json, --val and --group-by', async () => {
  const folder = scratch();
  const { code, out, err } = await train([
    ...[join(packageRoot(), 'phantoms/hip'), '-m', demoModel(), '-o', join(folder, 'new/hip.safetensors')],
    ...[
      '--layout',
      'reference',
      '--json',
      '--val',
      '0.3',
      '--group-by',
      '^(\\d\\d)',
      '--classes',
      'iliac,head',
    ],
    ...['--epochs', '2', '--seed', '1'],
  ]).then((outcome) => outcome);
  expect({ code, err }).toMatchObject({
    code: 1,
    err: expect.stringMatching(/all 10 pictures are of one group \(00\)/),
  });
  expect(out).toBe('');
  const second = await train([
    ...[join(packageRoot(), 'phantoms/hip'), '-m', demoModel(), '-o', join(folder, 'new/hip.safetensors')],
    ...['--layout', 'reference', '--json', '--val', '0.3', '--classes', 'iliac,head', '--epochs', '2'],
  ]);
  expect(second).toMatchObject({ code: 0, err: '' });
  const report = JSON.parse(second.out);
  expect(report).toMatchObject({
    files: { model: join(folder, 'new/hip.safetensors') },
    steps: 4,
    measured: 'validation',
    dice: {
      classes: [
        { class: 1, name: 'iliac' },
        { class: 2, name: 'head' },
      ],
    },
    warnings: [],
  });
  expect(report.record.validation).toHaveLength(3);
  expect(report.record.training).toHaveLength(7);
  expect(namesIn(join(folder, 'new'))).toEqual(
    ['csv', 'json', 'safetensors', 'svg'].map((ending) => `hip.${ending}`),
  );
  const model = await openCheckpoint(await openFile(join(folder, 'new/hip.safetensors')));
  expect([...model.tensors.keys()]).toEqual(['model.reference']);
});

test('a training that does not fit is refused with the planned bytes and the limit, before anything is loaded', async () => {
  const folder = scratch();
  const { code, out, err } = await train(wrist(join(folder, 'out'), '--memory-limit', '20MB', '--json'));
  expect({ code, out, jobs: jobs.length }).toEqual({ code: 1, out: '', jobs: 0 });
  expect(err).toMatch(
    /this training needs \d+,\d{3},\d{3} bytes on the GPU, .* and the limit is 20,000,000 bytes; train fewer parts or classes/,
  );
});

test('a validation folder that holds training pictures is warned of', async () => {
  const { err } = await train(wrist(scratch(), '--val', join(WRIST, 'Train'), '--epochs', '1'));
  expect(err).toMatch(/warning: 10 validation pictures are training pictures, too \(000\)/);
});

describe('interrupted', () => {
  test('the state is kept, and --resume goes on to the same files', async () => {
    const whole = scratch();
    await train(wrist(whole, '--epochs', '6', '--checkpoint-every', '2'));
    // In the middle of an epoch, and after the last step of one.
    for (const at of [8, 9, 12]) {
      const folder = scratch();
      const cancel = new AbortController();
      const stop = (step: number) => {
        if (step === at) cancel.abort();
      };
      const options = ['--epochs', '6', '--checkpoint-every', '2'];
      const first = await train(wrist(folder, ...options), { before: stop }, cancel);
      expect(first.code).toBe(130);
      expect(first.err).toMatch(
        /stopping after this step.*go on with --resume .*model\.checkpoint\.safetensors.*cancelled/s,
      );
      expect(namesIn(folder)).toEqual([CHECKPOINT, 'model.csv', 'model.svg']);
      const second = await train(
        // Nothing but where: the run's own choices hold.
        wrist(folder, '--resume', join(folder, CHECKPOINT), '--checkpoint-every', '2'),
      );
      expect(second.code).toBe(0);
      for (const name of FILES)
        expect(text(folder, name) === text(whole, name), `${name} after step ${at}`).toBe(true);
    }
  });

  test('in a long measurement: it is left at once, the last step is kept, and Dice comes when the run goes on', async () => {
    const [whole, folder] = [scratch(), scratch()];
    const options = ['--epochs', '4', '--checkpoint-every', '3'];
    await train(wrist(whole, ...options));
    const cancel = new AbortController();
    const measuring = (_: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        cancel.abort();
      });
    const first = await train(wrist(folder, ...options), { measuring }, cancel);
    expect(first).toMatchObject({
      code: 130,
      err: expect.stringMatching(/go on with --resume .*model\.checkpoint\.safetensors.*cancelled/s),
    });
    expect(text(folder, 'model.csv').trimEnd().split('\n')).toHaveLength(1 + 9);
    const second = await train(
      wrist(folder, '--resume', join(folder, CHECKPOINT), '--checkpoint-every', '3'),
    );
    expect(second.code).toBe(0);
    expect(text(folder, 'model.csv')).toBe(text(whole, 'model.csv'));
  });

  test('other choices, data or no checkpoint are refused before anything is trained', async () => {
    const folder = scratch();
    const data = join(folder, 'data');
    cpSync(join(WRIST, 'Train'), data, { recursive: true });
    const argv = (...more: string[]) => [data, '-m', demoModel(), '-o', join(folder, 'out'), ...more];
    await train(argv('--epochs', '2', '--checkpoint-every', '1'));
    const resume = ['--resume', join(folder, 'out', CHECKPOINT)];
    jobs.length = 0;
    const refusal = async (...more: string[]) => {
      const { code, out, err } = await train(argv(...more));
      expect({ code, out, jobs: jobs.length }).toEqual({ code: 1, out: '', jobs: 0 });
      return err;
    };
    expect(await refusal(...resume, '--seed', '5')).toMatch(/has seed 0, now 5 was given; leave it out/);
    expect(await refusal('--resume', demoModel())).toMatch(/holds no record of a run; --resume needs/);
    cpSync(join(WRIST, 'Train/gts/001.png'), join(data, 'gts/001.png'));
    const mask = join(data, 'gts/001.png');
    const bytes = readFileSync(mask);
    // A PNG may hold any text: the same class numbers, other bytes.
    writeFileSync(mask, Buffer.concat([bytes, Buffer.from('x')]));
    expect(await refusal(...resume)).toMatch(/the training pictures or masks are not those of the run/);
  });
});

test.each([
  ['base', null, /holds a damaged record of a run, whose base is null; --resume needs a \.checkpoint/],
  ['base', { file: 'b' }, /whose base\.sha256 is missing/],
  ['choices', [], /whose choices is \[\]/],
  ['choices', { epochs: 'many' }, /whose choices\.epochs is "many"/],
  ['choices', { train: 'all' }, /whose choices\.train is "all"/],
  ['training', undefined, /whose training is missing/],
  ['classNames', [1], /whose classNames is \[1\]/],
  ['version', 2, /holds the record of another version/],
] satisfies [string, unknown, RegExp][])(
  'a record whose %s is %j is refused, with its file',
  (field, value, message) => {
    const sound = {
      ...{ format: 'sam2rad-run', version: 1, classNames: ['bone'], training: [], validation: [] },
      ...{ choices: { epochs: 2, clip: null, seed: 0 }, base: { file: 'b', title: 't', sha256: '0' } },
    };
    const read = (record: object) => readRecord('x.safetensors', { run: JSON.stringify(record) });
    expect(read(sound)).toEqual(sound);
    expect(() => read({ ...sound, [field]: value })).toThrow(message);
    expect(() => read({ ...sound, [field]: value })).toThrow(/^x\.safetensors holds/);
  },
);

describe('faults', () => {
  test('a NaN names step and term, and the last good state is kept', async () => {
    const folder = scratch();
    const { code, err } = await train(wrist(folder, '--epochs', '4'), { nanAt: 5 });
    expect(code).toBe(1);
    expect(err).toMatch(
      /step 5: the focal term of the loss is NaN; the last good state is .*model\.checkpoint\.safetensors \(step 4\): go on with --resume/,
    );
    expect(namesIn(folder)).toEqual([CHECKPOINT, 'model.csv', 'model.svg']);
    const again = await train(wrist(folder, '--resume', join(folder, CHECKPOINT)));
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^12 steps/) });
    const early = await train(wrist(scratch(), '--epochs', '4'), { nanAt: 1 });
    expect(early.err).toMatch(/step 1: the focal term of the loss is NaN\n$/);
  });

  test('where the state is lost the last checkpoint is named', async () => {
    const options = ['--epochs', '4', '--checkpoint-every', '1'];
    const { code, err } = await train(wrist(scratch(), ...options), { nanAt: 8, isLost: true });
    expect(code).toBe(1);
    expect(err).toMatch(/NaN; the last good state is .*\(step 6\): go on/);
  });

  test('a checkpoint that cannot be written is warned of, and training goes on', async () => {
    const folder = scratch();
    // A folder of the checkpoint's name is what no rename replaces.
    mkdirSync(join(folder, CHECKPOINT, 'in-the-way'), { recursive: true });
    const { code, err } = await train(wrist(folder, '--epochs', '3', '--checkpoint-every', '1'));
    expect(code).toBe(0);
    expect(err).toMatch(/cannot write .*model\.checkpoint\.safetensors: .*; training goes on/);
    expect(namesIn(folder)).toEqual([CHECKPOINT, ...FILES].sort());
  });

  test('a model that cannot be written costs nothing: the last step is kept, and said to be', async () => {
    const folder = scratch();
    const inTheWay = join(folder, 'model.safetensors');
    mkdirSync(join(inTheWay, 'in-the-way'), { recursive: true });
    const { code, err } = await train(wrist(folder, '--epochs', '3'));
    expect(code).toBe(1);
    expect(err).toMatch(
      /cannot write .*model\.safetensors: .*; the last good state is .*model\.checkpoint\.safetensors \(step 9\): go on with --resume/,
    );
    rmSync(inTheWay, { recursive: true });
    const again = await train(wrist(folder, '--resume', join(folder, CHECKPOINT)));
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^9 steps/) });
    expect(namesIn(folder)).toEqual([CHECKPOINT, ...FILES].sort());
  });

  test('an input that would be replaced, and a base that is none, are refused', async () => {
    const folder = scratch();
    cpSync(demoModel(), join(folder, 'model.safetensors'));
    const { code, err } = await train([WRIST, '-m', join(folder, 'model.safetensors'), '-o', folder]);
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringMatching(/would write .*which is also its input/),
    });
    const none = await train([WRIST, '-m', join(WRIST, 'Train/imgs/000.png'), '-o', scratch()]);
    expect(none).toMatchObject({ code: 1, out: '' });
  });
});

test.each([
  [[], /train needs one DATASET, got 0/],
  [['a', 'b', '-m', 'x', '-o', 'y'], /train needs one DATASET, got 2/],
  [['a', '-o', 'y'], /train needs -m BASE/],
  [['a', '-m', 'x'], /train needs -o OUT/],
  ...[
    ['--train', 'all', /--train is 'all', expected ppn or ppn\+lora or ppn\+lora\+adapters/],
    ['--tokens', '0', /--tokens is '0'/],
    ['--epochs', '1.5', /--epochs is '1\.5'/],
    ['--batch', '-1', /--batch/],
    ['--lr', '0', /--lr is '0', expected a number above 0/],
    ['--lr', 'fast', /--lr is 'fast'/],
    ['--seed', '4294967296', /--seed is '4294967296'/],
    ['--val', '1.5', /--val is '1\.5', expected a folder, or a share/],
    ['--val', '0', /--val is '0'/],
    ['--group-by', '(', /--group-by is '\(', which is no regular expression/],
    ['--classes', '0', /--classes is '0'/],
    ['--augment', 'all', /--augment is 'all', expected none or mirror or full/],
    ['--layout', 'torch', /--layout is 'torch', expected canonical or reference/],
    ['--memory-limit', 'much', /--memory-limit is 'much', expected bytes/],
    ['--checkpoint-every', '0', /--checkpoint-every is '0'/],
  ].map(
    ([name, value, message]) => [['a', '-m', 'x', '-o', 'y', name, value], message] as [string[], RegExp],
  ),
] satisfies [string[], RegExp][])('%j is a usage error', async (argv, message) => {
  const { code, out, err } = await train(argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
});
