import { expect, test } from 'vitest';
import { CheckpointError, PictureError } from '../../src/errors.ts';
import { checkJob, loadChecked, TrainingSettingsError } from '../../src/tasks/train/check.ts';
import type { PictureToLearn, TrainSettings } from '../../src/tasks/train/job.ts';
import { planTraining } from '../../src/tasks/train/memory.ts';
import { memoryNotes } from '../../src/tasks/train/pictures.ts';
import type { TrainingContext } from '../../src/tasks/train/recordings.ts';
import { openTrainingRun } from '../../src/tasks/train/run.ts';
import { trainable } from '../../src/tasks/train/setup.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { sam2radFile } from '../tasks/models.ts';

const settings: TrainSettings = {
  ...{ train: 'ppn', tokens: 10, epochs: 1, batch: 1, learningRate: 1e-4, clip: null },
  ...{ augment: 'none', preprocess: 'sam2rad', seed: 0 },
};

function picture(width: number, height: number, pixels: number): PictureToLearn {
  const data = new Uint8Array(4 * 3);
  const load = async () => ({ picture: { width: 4, height: 3, data }, classMap: new Uint8Array(pixels) });
  return { name: 'knee 7', width, height, load };
}

test.each([
  [{ batch: 0 }, 'batch: got 0'],
  [{ batch: 1.5 }, 'batch: got 1.5'],
  [{ epochs: -2 }, 'epochs: got -2'],
  [{ learningRate: 0 }, 'learningRate: got 0'],
  [{ learningRate: Number.POSITIVE_INFINITY }, 'learningRate: got Infinity'],
  [{ clip: Number.NaN }, 'clip: got NaN'],
  [{ clip: -1 }, 'clip: got -1'],
  [{ queryDeviation: 0 }, 'queryDeviation: got 0'],
  [{ queryDeviation: Number.NaN }, 'queryDeviation: got NaN'],
  [{ train: 'everything' }, "train: got 'everything', expected ppn, ppn+lora, ppn+lora+adapters"],
  [{ augment: 'twice' }, "augment: got 'twice', expected none, mirror, full"],
  [{ preprocess: 'xx' }, "preprocess: got 'xx', expected sam, sam2, sam2rad"],
  [{ tokens: 2 }, 'tokens: got 2, expected a whole number of 3 to 512'],
  [{ tokens: 513 }, 'tokens: got 513, expected a whole number of 3 to 512'],
  [{ tokens: 10.5 }, 'tokens: got 10.5'],
  [{ seed: Number.NaN }, 'seed: got NaN, expected a whole number of 0 to 4294967295'],
  [{ seed: 'a' }, 'seed: got a, expected'],
  [{ seed: undefined }, 'seed: got undefined, expected'],
  [{ seed: -1.5 }, 'seed: got -1.5, expected'],
  [{ seed: -1 }, 'seed: got -1, expected'],
  [{ seed: 2 ** 32 }, 'seed: got 4294967296, expected'],
] as const)('%o is refused by name', (change, message) => {
  // A caller without types may write anything.
  const changed = { ...settings, ...change } as unknown as TrainSettings;
  const job = { training: [picture(4, 3, 12)], classNames: ['bone'], settings: changed };
  expect(() => checkJob(job)).toThrow(TrainingSettingsError);
  expect(() => checkJob(job)).toThrow(message);
});

test.each([0, -1, 1.5, Number.NaN])('Dice every %d epochs is refused', (validateEvery) => {
  const job = { training: [picture(4, 3, 12)], classNames: ['bone'], settings };
  expect(() => checkJob({ ...job, validateEvery })).toThrow(TrainingSettingsError);
  expect(() => checkJob({ ...job, validateEvery })).toThrow(
    `validateEvery: got ${validateEvery}, expected a whole number of 1 or more`,
  );
  expect(() => checkJob({ ...job, validateEvery: 1 })).not.toThrow();
});

test('the smallest and the largest seed are taken', () => {
  const job = { training: [picture(4, 3, 12)], classNames: ['bone'] };
  for (const seed of [0, 2 ** 32 - 1])
    expect(() => checkJob({ ...job, settings: { ...settings, seed } })).not.toThrow();
});

test.each([[[]], [['bone', 'bone']], [['']]])('classes called %j are refused', (classNames) => {
  const job = { training: [picture(4, 3, 12)], classNames, settings };
  expect(() => checkJob(job)).toThrow(TrainingSettingsError);
  expect(() => checkJob(job)).toThrow(`classNames: got ${JSON.stringify(classNames)}, expected 1 to 255`);
});

test('a name of queries that no file can have is refused, and tokens that the base contradicts', async () => {
  const base = await openCheckpoint(await sam2radFile());
  const { name = '', tokens } = describeCheckpoint(base).config.datasets[0] ?? {};
  const job = { datasetName: name, classNames: ['bone'], settings: { ...settings, tokens: 5 } };
  expect(tokens).toBe(10);
  expect(() => trainable(base, job)).toThrow(TrainingSettingsError);
  expect(() => trainable(base, job)).toThrow(
    "tokens: got 5, but the base's own queries 'phantom' have 10: give 10, or another datasetName",
  );
  expect(() => trainable(base, { ...job, datasetName: 'other' })).not.toThrow();
  expect(() => trainable(base, { ...job, settings })).not.toThrow();
  for (const datasetName of ['', 'a.b', 'my knees'])
    expect(() => trainable(base, { ...job, datasetName })).toThrow(`datasetName: got '${datasetName}'`);
  // A caller without types may leave it out, and 'undefined' has nothing but letters.
  for (const [datasetName, kind] of [
    [undefined, 'Undefined'],
    [7, 'Number'],
  ] as const) {
    const wrong = { ...job, datasetName: datasetName as unknown as string };
    expect(() => trainable(base, wrong)).toThrow(TrainingSettingsError);
    expect(() => trainable(base, wrong)).toThrow(`datasetName: got ${kind}, expected a text of letters`);
  }
});

test('a run without pictures is refused before its base is read', async () => {
  const job = { base: new Blob(), datasetName: 'knees', classNames: ['bone'], training: [], validation: [] };
  await expect(openTrainingRun({ ...job, settings })).rejects.toThrow('training: got no pictures');
});

test('a picture is what the job says of it, and its map has a value a pixel', async () => {
  expect((await loadChecked(picture(4, 3, 12), 1)).classMap).toHaveLength(12);
  const turned = loadChecked(picture(3, 4, 12), 1);
  await expect(turned).rejects.toThrow(PictureError);
  await expect(turned).rejects.toThrow('knee 7: the picture has 4 x 3 pixels, expected the 3 x 4');
  const short = loadChecked(picture(4, 3, 11), 1);
  await expect(short).rejects.toThrow(PictureError);
  await expect(short).rejects.toThrow('knee 7: the class map has 11 values, expected 12');
});

test.each([
  [undefined, 'Undefined'],
  [Array.from({ length: 12 }, () => 0), 'Array'],
  [new Uint8ClampedArray(12), 'Uint8ClampedArray'],
  [new Float32Array(12), 'Float32Array'],
])('a class map that holds no bytes is refused: %o', async (wrong, kind) => {
  const { load, ...rest } = picture(4, 3, 12);
  // A caller without types may hand over anything.
  const classMap = wrong as unknown as Uint8Array;
  const loading = loadChecked({ ...rest, load: async () => ({ ...(await load()), classMap }) }, 1);
  await expect(loading).rejects.toThrow(PictureError);
  await expect(loading).rejects.toThrow(
    `knee 7: the class map is ${kind}, expected a Uint8Array of 12 class numbers`,
  );
});

test('a class that has no name is refused with its picture and number', async () => {
  const { load, ...rest } = picture(4, 3, 12);
  const labelled = async () => ({ ...(await load()), classMap: new Uint8Array(12).fill(7, 11) });
  const loading = loadChecked({ ...rest, load: labelled }, 2);
  await expect(loading).rejects.toThrow(PictureError);
  await expect(loading).rejects.toThrow(
    'knee 7: the class map holds class number 7, expected 0 for the background and 1 to 2; correct the map',
  );
});

test('what the views take in memory is said where it is over a gigabyte', () => {
  const context = { config: { imageSize: 1024, encoder: { kind: 'hiera' } } } as unknown as TrainingContext;
  const of = (pictures: number, augment: TrainSettings['augment']) =>
    memoryNotes(
      {
        training: Array.from({ length: pictures }, () => picture(4, 3, 12)),
        validation: [picture(4, 3, 12)],
        settings: { ...settings, augment },
      },
      // The two fields that count.
      { ...context, trained: () => false },
    );
  expect(of(50, 'none')).toEqual([]);
  // 400 views of 16.8 MB and their labels of 1 MB, and one without.
  expect(of(50, 'full')[0]).toMatch(
    /^400 views of 50 training pictures, and 1 others, take 7\.1 GB of memory/,
  );
});

test('a base or a state that is no file is refused by name, also where a training is only planned', async () => {
  const job = {
    datasetName: 'knees',
    classNames: ['bone'],
    training: [picture(4, 3, 12)],
    validation: [],
    settings,
  };
  // A caller without types may hand over anything.
  const [path, bytes] = ['base.safetensors' as unknown as Blob, new Uint8Array(64) as unknown as Blob];
  const base = await sam2radFile();
  await expect(openTrainingRun({ ...job, base: path })).rejects.toThrow(CheckpointError);
  await expect(openTrainingRun({ ...job, base: path })).rejects.toThrow(
    /^base got String, expected a File or a Blob/,
  );
  await expect(planTraining({ ...job, base: bytes })).rejects.toThrow(/^base got Uint8Array, expected/);
  await expect(openTrainingRun({ ...job, base, resume: bytes })).rejects.toThrow(
    /^resume got Uint8Array, expected/,
  );
});
