import { expect, test } from 'vitest';
import { PictureError } from '../../src/errors.ts';
import { checkJob, loadChecked, TrainingSettingsError } from '../../src/tasks/train/check.ts';
import type { PictureToLearn, TrainSettings } from '../../src/tasks/train/job.ts';
import { memoryNotes } from '../../src/tasks/train/pictures.ts';
import type { TrainingContext } from '../../src/tasks/train/recordings.ts';
import { openTrainingRun } from '../../src/tasks/train/run.ts';

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
] as const)('%o is refused by name', (change, message) => {
  const job = { training: [picture(4, 3, 12)], settings: { ...settings, ...change } };
  expect(() => checkJob(job)).toThrow(TrainingSettingsError);
  expect(() => checkJob(job)).toThrow(message);
});

test('a run without pictures is refused before its base is read', async () => {
  const job = { base: new Blob(), datasetName: 'knees', classNames: ['bone'], training: [], validation: [] };
  await expect(openTrainingRun({ ...job, settings })).rejects.toThrow('training: got no pictures');
});

test('a picture is what the job says of it, and its map has a value a pixel', async () => {
  expect((await loadChecked(picture(4, 3, 12))).classMap).toHaveLength(12);
  const turned = loadChecked(picture(3, 4, 12));
  await expect(turned).rejects.toThrow(PictureError);
  await expect(turned).rejects.toThrow('knee 7: the picture has 4 x 3 pixels, expected the 3 x 4');
  const short = loadChecked(picture(4, 3, 11));
  await expect(short).rejects.toThrow(PictureError);
  await expect(short).rejects.toThrow('knee 7: the class map has 11 values, expected 12');
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
