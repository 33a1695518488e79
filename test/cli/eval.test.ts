import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { maskOfClass, tightBox } from '../../src/evaluation.ts';
import { removeOldWorst } from '../../weights-tools/eval/files.ts';
import type { EvalReport } from '../../weights-tools/eval/report.ts';
import { packageRoot } from '../../weights-tools/node/package.ts';
import { folderOf, grey } from '../dataset/files.ts';
import { gpuTest } from '../gpu-device.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

/** A second model to compile, on a machine that may have little left. */
const PATIENCE_MS = 300_000;
const PHANTOMS = join(packageRoot(), 'phantoms');

/** Some of the phantoms, as a dataset of their own. */
function some(anatomy: string, ...names: readonly string[]): string {
  const folder = scratch();
  for (const part of ['imgs', 'gts']) {
    mkdirSync(join(folder, part));
    for (const name of names)
      cpSync(join(PHANTOMS, anatomy, 'Test', part, `${name}.png`), join(folder, part, `${name}.png`));
  }
  return folder;
}

async function classMap(path: string) {
  const { data, info } = await sharp(path).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

/** By the definition, of class numbers in two maps. */
function diceOf(a: Uint8Array, b: Uint8Array, inA: number, inB: number): number {
  const count = (holds: (i: number) => boolean) => a.reduce((sum, _, i) => sum + Number(holds(i)), 0);
  const both = count((i) => a[i] === inA && b[i] === inB);
  return (2 * both) / (count((i) => a[i] === inA) + count((i) => b[i] === inB));
}

type Printed = EvalReport & { readonly files: readonly string[] };

gpuTest('box mode is `segment` with each true mask’s box', async () => {
  const data = some('hip', '003', '011');
  const out = join(scratch(), 'new');
  const outcome = await sam2rad('eval', data, '--json', '-o', out, '--classes', 'ilium,head', '--worst', '1');
  expect(outcome).toMatchObject({ code: 0, err: '' });
  const report: Printed = JSON.parse(outcome.out);
  expect(report).toMatchObject({
    mode: 'box',
    beside: [],
    dataset: { folder: data, pictures: 2, groups: 2 },
    ...{ unit: 'px', tolerance: 2, comparedAt: 'picture', warnings: [] },
    interval: { level: 0.95, resamples: 5000, groupBy: null },
    classes: [
      { class: 1, name: 'ilium' },
      { class: 2, name: 'head' },
    ],
  });
  const dices: number[] = [];
  for (const [at, name] of ['003', '011'].entries()) {
    const truth = await classMap(join(data, 'gts', `${name}.png`));
    for (const number of [1, 2]) {
      const box = tightBox(maskOfClass(truth.data, truth, number)) ?? [];
      const folder = scratch();
      const segmented = ['segment', join(data, 'imgs', `${name}.png`), '--box', box.join(), '-o', folder];
      expect(await sam2rad(...segmented)).toMatchObject({ code: 0 });
      const mask = await classMap(join(folder, `${name}_mask.png`));
      const scores = report.cases[at]?.classes[number - 1];
      const dice = diceOf(mask.data, truth.data, 1, number);
      dices.push(dice);
      expect(scores?.dice).toBeCloseTo(dice, 12);
      expect(scores?.predictedArea).toBe(mask.data.reduce((sum, value) => sum + value, 0));
    }
  }
  const [a = 0, b = 0, c = 0, d = 0] = dices;
  expect(report.classes.map(({ dice }) => dice.mean)).toEqual([
    expect.closeTo((a + c) / 2, 12),
    expect.closeTo((b + d) / 2, 12),
  ]);
  expect(report.dice.mean).toBeCloseTo((a + b + c + d) / 4, 12);
  expect(report.dice.ci95?.[0]).toBeLessThanOrEqual(report.dice.mean ?? 0);

  expect(namesIn(out)).toEqual(['cases.csv', 'eval.json', 'summary.csv', 'worst']);
  const worse = a + b < c + d ? '003' : '011';
  expect(namesIn(join(out, 'worst'))).toEqual([`1-${worse}.png`]);
  const { width = 0 } = await sharp(join(out, 'worst', `1-${worse}.png`)).metadata();
  expect(width).toBe(2 * (await classMap(join(data, 'gts', `${worse}.png`))).width + 4);
  const { files, ...rest } = report;
  expect(JSON.parse(readFileSync(join(out, 'eval.json'), 'utf8'))).toEqual(rest);
  expect(files).toHaveLength(4);
  const rows = readFileSync(join(out, 'cases.csv'), 'utf8').trimEnd().split('\n');
  expect(rows).toHaveLength(1 + 4);
  expect(rows[1]).toContain(`,003,003,1,ilium,${a},`);
});

gpuTest(
  'auto stands beside the true box: the masks of `segment`, both in one table',
  async () => {
    const data = some('hip', '003', '011');
    const model = join(scratch(), 'nano-sam2rad.safetensors');
    writeFileSync(model, Buffer.from(await (await goldenModelFile('nano-sam2rad')).arrayBuffer()));
    const table = await sam2rad('eval', data, '-m', model, '--group-by', '^(0)', '--spacing', '0.1,0.2');
    expect(table).toMatchObject({ code: 0, err: '' });
    // One group: no interval, and both modes with their difference under each class and under their mean.
    expect(table.out).toMatch(/2 pictures in 1 groups; Sam2Rad on SAM2.* nano/);
    expect(table.out.match(/^ {2}auto +\d\.\d{3} {2}/gm)).toHaveLength(3);
    expect(table.out.match(/^ {2}box +\d\.\d{3} {2}/gm)).toHaveLength(3);
    expect(table.out.match(/^ {2}auto - box +[+-]\d\.\d{3} {2}/gm)).toHaveLength(3);
    expect(table.out).toMatch(/NSD within 2 mm, HD95 in mm\n.*both empty/s);

    const swapped = await sam2rad(
      'eval',
      data,
      '-m',
      model,
      '--json',
      '--mode',
      'auto',
      '--model-classes',
      '2,1',
    );
    const { out } = await sam2rad('eval', data, '-m', model, '--json');
    const report: Printed = JSON.parse(out);
    const other: Printed = JSON.parse(swapped.out);
    expect(report).toMatchObject({ mode: 'auto', beside: [{ mode: 'box' }], files: [] });
    const [box] = report.beside;
    const [first, second] = [report, box].map((one) => one?.dice.mean ?? Number.NaN);
    expect(box?.advantage.dice.mean).toBeCloseTo((first ?? 0) - (second ?? 0), 12);

    const folder = scratch();
    const pictures = ['003', '011'].map((name) => join(data, 'imgs', `${name}.png`));
    await sam2rad('segment', ...pictures, '-m', model, '-o', folder);
    for (const [at, name] of ['003', '011'].entries()) {
      const truth = await classMap(join(data, 'gts', `${name}.png`));
      const mask = await classMap(join(folder, `${name}_mask.png`));
      for (const number of [1, 2]) {
        const dice = diceOf(mask.data, truth.data, number, number);
        expect(report.cases[at]?.classes[number - 1]?.dice, name).toBeCloseTo(dice, 12);
        const crossed = diceOf(mask.data, truth.data, 3 - number, number);
        expect(other.cases[at]?.classes[number - 1]?.dice, name).toBeCloseTo(crossed, 12);
      }
    }
    const three = await sam2rad('eval', data, '-m', model, '--classes', '3');
    expect(three).toMatchObject({ code: 1, out: '' });
    expect(three.err).toMatch(/has 2 classes, class 3 is asked for; give --classes 2 or --model-classes/);
  },
  PATIENCE_MS,
);

gpuTest('a class that a picture lacks is left out; a point, and the square of the model', async () => {
  const data = some('hip', '003');
  cpSync(join(PHANTOMS, 'hip/Test/imgs/011.png'), join(data, 'imgs/011.png'));
  const { width, height } = await classMap(join(data, 'imgs/011.png'));
  const empty = sharp({ create: { width, height, channels: 3, background: '#000' } }).toColourspace('b-w');
  writeFileSync(join(data, 'gts/011.png'), await empty.png().toBuffer());
  const evaluated = async (...more: string[]): Promise<Printed> => {
    const { code, out, err } = await sam2rad('eval', data, '--json', ...more);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };
  const head = ({ cases }: Printed) => cases[0]?.classes[1];
  const box = await evaluated();
  expect(box.dice.n).toBe(2);
  const none = { dice: null, hd95: null, presence: 'neither' };
  expect(box.cases[1]).toMatchObject({ dice: null, classes: [none, none] });
  const point = await evaluated('--mode', 'point');
  expect(point.mode).toBe('point');
  expect(head(point)?.predictedArea).not.toBe(head(box)?.predictedArea);
  const square = await evaluated('--at', 'model');
  expect(square.comparedAt).toBe('model');
  // Other pixels, the same shapes.
  expect(Math.abs((head(square)?.dice ?? 0) - (head(box)?.dice ?? 1))).toBeLessThan(0.05);
  expect(head(box)?.dice).toBeGreaterThan(0.3);
  expect(head(square)?.truthArea).toBeLessThan((head(box)?.truthArea ?? 0) / 3);
});

test('the worst cases of an evaluation before are taken away, and nothing else is', async () => {
  const folder = scratch();
  for (const name of ['1-003.png', '2-011.png', '10-a b.png', 'notes.png', '3-list.txt'])
    writeFileSync(join(folder, name), '');
  await removeOldWorst(folder, ['1-003.png']);
  expect(namesIn(folder)).toEqual(['1-003.png', '3-list.txt', 'notes.png']);
  await removeOldWorst(join(folder, 'none'), []);
});

describe('refused', () => {
  test('auto mode of a model without a prompt predictor; box still works', async () => {
    const { code, out, err } = await sam2rad('eval', join(PHANTOMS, 'wrist'), '--mode', 'auto');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /sam2-nano-shapes\.safetensors \(.*\) has no prompt predictor[^\n]*--mode box[^\n]*\n$/,
    );
  });

  test('data that cannot be measured on', async () => {
    const { code, out, err } = await sam2rad(
      'eval',
      folderOf({ 'imgs/a.png': grey('1'), 'gts/b.png': grey('1') }),
    );
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^sam2rad: a picture has no mask of the same name in [^\n]*a\.png[^\n]*\n$/);
  });

  const usage: [string[], RegExp][] = [
    [[], /eval needs one DATASET, got 0/],
    [['a', '--mode', 'manual'], /--mode is 'manual', expected auto or box or point/],
    [['a', '--mode', 'box', '--base', 'b'], /--base stands beside --mode auto/],
    [['a', '--resamples', '100'], /--resamples is '100', expected 2000 or more/],
    [['a', '--spacing', '0'], /--spacing is '0', expected millimetres a pixel/],
    [['a', '--spacing', '1,2,3'], /--spacing is '1,2,3'/],
    [['a', '--spacing', '1,'], /--spacing is '1,'/],
    [['a', '--tolerance', '-1'], /--tolerance|'-1'/],
    [['a', '--tolerance', ''], /--tolerance is '', expected a number/],
    [['a', '--model-classes', '1,1'], /--model-classes is '1,1', expected each class once/],
    [
      ['a', '--mode', 'box', '--model-classes', '2'],
      /--model-classes names classes .* the mode is box: leave it/,
    ],
    [['a', '--model-classes', '2'], /the mode is box: leave it out, or add --mode auto/],
    [['a', '--at', 'home'], /--at is 'home', expected picture or model/],
    [['a', '--preprocess', 'none'], /--preprocess is 'none'/],
    [['a', '--group-by', '['], /--group-by is '\['/],
  ];
  test.each(usage)('%j is a usage error', async (argv, message) => {
    const { code, out, err } = await sam2rad('eval', ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });

  test('help', async () => {
    const { code, out } = await sam2rad('eval', '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/^sam2rad eval DATASET .*Empty masks: where truth and result are both empty/s);
  });
});
