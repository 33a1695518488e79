import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import type { PictureToLearn, TrainSettings } from '../../src/tasks/train/job.ts';
import { openTrainingRun } from '../../src/tasks/train/run.ts';
import { readState, stateMetadata } from '../../src/tasks/train/state.ts';
import type { Checkpoint } from '../../src/weights/types.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { sam2radFile } from '../tasks/models.ts';

const settings: TrainSettings = {
  ...{ train: 'ppn', tokens: 10, epochs: 2, batch: 2, learningRate: 1e-4, clip: null },
  ...{ augment: 'none', preprocess: 'sam2rad', seed: 5 },
};

const knee = (name: string, width = 4): PictureToLearn => ({
  ...{ name, width, height: 3 },
  load: () => Promise.reject(new Error('nobody asks for it')),
});

const job = { datasetName: 'knees', classNames: ['bone'], training: [knee('a'), knee('b')], settings };
type Job = typeof job;

const stateOf = (metadata: Readonly<Record<string, string>>): Checkpoint => ({
  ...{ name: 'saved', container: 'safetensors', tensors: new Map(), warnings: [], metadata },
});
const state = stateOf(stateMetadata(job, { steps: 2, tuned: { 'matmul 64x256x256 f32': 'plain' } }));

test('a state is taken up by its own job', () => {
  const tuned = { 'matmul 64x256x256 f32': 'plain' };
  expect(readState(state, job)).toEqual({ steps: 2, tuned, notes: [] });
  // What is not given is what it stands for.
  const named = { ...job, settings: { ...settings, queryDeviation: 1 / 16 } };
  expect(readState(state, named).notes).toEqual([]);
});

const others: [Partial<Omit<Job, 'settings'>> & { settings?: Partial<TrainSettings> }, string][] = [
  [{ settings: { seed: 6 } }, "its seed is 5, this job's is 6"],
  [{ settings: { batch: 1 } }, "its batch is 2, this job's is 1"],
  [{ settings: { clip: 1 } }, "its clip is null, this job's is 1"],
  [{ settings: { augment: 'full' } }, 'its augment is "none", this job\'s is "full"'],
  [{ settings: { preprocess: 'sam2' } }, 'its preprocess is "sam2rad", this job\'s is "sam2"'],
  [{ settings: { train: 'ppn+lora' } }, 'its train is "ppn", this job\'s is "ppn+lora"'],
  [{ settings: { tokens: 12 } }, "its tokens is 10, this job's is 12"],
  [{ settings: { queryDeviation: 1 } }, "its queryDeviation is 0.0625, this job's is 1"],
  [{ datasetName: 'hips' }, 'its datasetName is "knees", this job\'s is "hips"'],
  [{ classNames: ['tendon'] }, 'its classNames is ["bone"], this job\'s is ["tendon"]'],
  [{ training: [knee('a')] }, 'it learned from 2 training pictures, this job has 1'],
  [
    { training: [knee('a'), knee('c')] },
    "its training picture 2 is 'b' of 4 x 3, this job's is 'c' of 4 x 3",
  ],
  [
    { training: [knee('a', 5), knee('b')] },
    "its training picture 1 is 'a' of 4 x 3, this job's is 'a' of 5 x 3",
  ],
];
test.each(others)('a state of another job is refused: %o', (change, difference) => {
  const other = { ...job, ...change, settings: { ...settings, ...change.settings } };
  const message = `saved is a state of another job: ${difference}; give the job that it was begun with, or leave resume out`;
  expect(() => readState(state, other)).toThrow(CheckpointError);
  expect(() => readState(state, other)).toThrow(message);
});

test('more epochs train on, another learning rate is taken, and both are said', () => {
  const { notes } = readState(state, { ...job, settings: { ...settings, epochs: 3, learningRate: 1e-5 } });
  expect(notes).toEqual([
    expect.stringMatching(
      /^the run goes on from a state of another plan: its learningRate is 0.0001, this job's is 0.00001, so/,
    ),
    expect.stringMatching(
      /^the run goes on from a state of another plan: its epochs is 2, this job's is 3, so/,
    ),
  ]);
});

test('a state that says nothing of its job goes on as it did, but never with more steps than the run has', () => {
  const old = (steps: string) => stateOf({ format: 'sam2rad-training', steps });
  const other = { ...job, settings: { ...settings, seed: 6, batch: 1 } };
  expect(readState(old('4'), other)).toEqual({ steps: 4, tuned: {}, notes: [] });
  const message =
    'saved is a state after 4 steps, but this job has 2, expected as many at least: give more epochs';
  expect(() => readState(old('4'), job)).toThrow(CheckpointError);
  expect(() => readState(old('4'), job)).toThrow(message);
  const full = stateOf(stateMetadata(job, { steps: 2, tuned: {} }));
  expect(() => readState(full, { ...job, settings: { ...settings, epochs: 1 } })).toThrow(/after 2 steps/);
});

test.each(['{', '[]', '1', 'null'])('a record that reads %s is damaged', (trainingJob) => {
  const damaged = stateOf({ format: 'sam2rad-training', steps: '2', trainingJob });
  expect(() => readState(damaged, job)).toThrow(CheckpointError);
  expect(() => readState(damaged, job)).toThrow(
    /metadata 'trainingJob' are damaged; give another checkpoint/,
  );
});

test('a run asks for nothing of the GPU before it knows that the state is its own', async () => {
  const chunks: BlobPart[] = [];
  for await (const chunk of writeSafetensors([], state.metadata)) chunks.push(Uint8Array.from(chunk));
  const other = { ...job, validation: [], settings: { ...settings, seed: 6 } };
  const opening = openTrainingRun({ ...other, base: await sam2radFile(), resume: new Blob(chunks) });
  await expect(opening).rejects.toThrow(CheckpointError);
  await expect(opening).rejects.toThrow(
    /checkpoint is a state of another job: its seed is 5, this job's is 6/,
  );
});
