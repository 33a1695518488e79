import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { greyPng } from '../../app/src/export/png.ts';
import type { TrainInput } from '../../app/src/training/protocol.ts';
import { TrainingHost } from '../../app/src/training/worker.ts';
import type * as training from '../../src/training.ts';
import { packageVersion } from '../../weights-tools/node/package.ts';
import { MAP, pictureFile, SETTINGS } from './workspace-fakes.ts';

/** The page's thread without a GPU: the test is the engine's run. */
const opened = vi.hoisted(() => ({ openTrainingRun: vi.fn<typeof training.openTrainingRun>() }));
vi.mock('../../src/training.ts', () => opened);

const tuning = { read: async () => null, write: async () => undefined };
const shown: { isOpen: boolean }[] = [];

beforeEach(() => {
  vi.stubGlobal('navigator', { userAgent: 'a browser' });
  shown.length = 0;
  vi.stubGlobal('createImageBitmap', async () => {
    const bitmap = { isOpen: true, close: () => (bitmap.isOpen = false) };
    shown.push(bitmap);
    return bitmap;
  });
});
afterEach(() => vi.unstubAllGlobals());

async function input(): Promise<TrainInput> {
  const labels = new Blob([await greyPng(MAP, 4, 3)]);
  const picture = { name: 'p', width: 4, height: 3, picture: await pictureFile(1), labels };
  return {
    ...{ base: new File(['base'], 'b.safetensors'), datasetName: 'd', classNames: ['Bone'], resume: null },
    ...{ training: [picture, picture], validation: [picture] },
    settings: SETTINGS,
  };
}

test('a training is given the kept tuning, and holds one picture open at a time', async () => {
  const most: number[] = [];
  const isOpen = () => shown.filter((bitmap) => bitmap.isOpen).length;
  opened.openTrainingRun.mockImplementationOnce(async (job) => {
    for (const [i, { load }] of [...job.training, ...job.validation].entries()) {
      expect((await load()).classMap).toEqual(MAP);
      most.push(isOpen());
      if (i < 2) job.onProgress?.({ stage: 'pictures', loaded: i + 1, total: 3 });
    }
    expect(job.tuning).toBe(tuning);
    throw new Error('out of memory');
  });
  const training = new TrainingHost(tuning).train(
    await input(),
    new AbortController().signal,
    () => undefined,
  );
  await expect(training).rejects.toThrow('out of memory');
  expect([most, isOpen()]).toEqual([[1, 1, 1], 0]);
});

test("a model's record says what made it: the package's version, the browser, the kernels", async () => {
  const metadata: unknown[] = [];
  const run = {
    ...{
      adapter: { vendor: 'v' },
      tuned: { matmul: 'tile' },
      steps: 1,
      done: 1,
      warnings: [],
      isIntact: true,
    },
    async *events() {},
    async *model(_: string, { run: text = '' }: Readonly<Record<string, string>> = {}) {
      metadata.push(JSON.parse(text));
      yield Uint8Array.of(1);
    },
    async *checkpoint() {},
    dispose() {},
  };
  // Of a run, the page's thread asks for nothing else.
  opened.openTrainingRun.mockResolvedValueOnce(run as unknown as training.TrainingRun);
  const outcome = await new TrainingHost(tuning).train(await input(), new AbortController().signal, () => {});
  expect(outcome).toMatchObject({ kind: 'done', steps: 1 });
  expect(metadata).toMatchObject([
    {
      software: { 'sam2rad-webgpu': packageVersion(), browser: 'a browser' },
      adapter: { vendor: 'v' },
      tuned: { matmul: 'tile' },
      base: { file: 'b.safetensors' },
    },
  ]);
});
