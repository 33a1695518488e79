import { afterAll, beforeAll, expect, vi } from 'vitest';
import { type LoadOptions, type LoadProgress, loadModel, type TuningStore } from '../../src/index.ts';
import { openTrainingRun, type TrainingProgress } from '../../src/training.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { gpuTest } from '../gpu-device.ts';
import { countedDevice, countedGpu, type GpuCounts } from './counted-gpu.ts';
import { demoFile, disc, sam2radFile, withModel } from './models.ts';

/** What "at once" means on a machine whose two cores compute something else. */
const AT_ONCE_MS = 1000;
const BOX = [10, 10, 50, 40] as const;

/** A device of the caller's, which keeps the pipelines compiled so far. */
let device: GPUDevice;
let counts: GpuCounts;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(async () => {
  process.on('unhandledRejection', note);
  ({ device, counts } = await countedDevice(createNodeGpu()));
});
afterAll(() => {
  expect(counts).toMatchObject({ buffers: 0, devices: 1 });
  device.destroy();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** A blob whose reads never end, after the first `quick` ones. */
class StuckBlob extends Blob {
  readonly #inner: Blob;
  #quick: number;

  constructor(inner: Blob, quick: number) {
    super();
    this.#inner = inner;
    this.#quick = quick;
  }

  override get size(): number {
    return this.#inner.size;
  }

  override slice(start?: number, end?: number): Blob {
    this.#quick -= 1;
    const part = this.#inner.slice(start, end);
    if (this.#quick < 0) part.arrayBuffer = () => new Promise(() => {});
    return part;
  }
}

interface Cancelled {
  readonly source: Parameters<typeof loadModel>[0];
  /** Where to load: `device` or `gpu`, and the counts of it. */
  readonly on: Pick<LoadOptions, 'gpu' | 'device'> & { readonly counts: GpuCounts };
  /** Cancels when this is true, or after so many milliseconds. */
  readonly when: ((progress: LoadProgress) => boolean) | number;
  readonly tuning?: TuningStore;
}

/** A store that has nothing, of a machine without a GPU. */
const tuning: TuningStore = { software: true, read: async () => null, write: async () => {} };

/** Cancels a load: it rejects with the reason at once, and its buffers are gone. */
async function cancelLoad({ source, on: { counts, ...where }, when, ...more }: Cancelled): Promise<void> {
  const cancel = new AbortController();
  const reason = new Error('the person closed the page');
  const late: LoadProgress[] = [];
  let at = Number.NaN;
  const abort = () => {
    at = performance.now();
    cancel.abort(reason);
  };
  if (typeof when === 'number') setTimeout(abort, when);
  const options: LoadOptions = {
    ...where,
    ...more,
    signal: cancel.signal,
    onProgress: (progress) => {
      if (cancel.signal.aborted) late.push(progress);
      else if (typeof when !== 'number' && when(progress)) abort();
    },
  };
  await expect(loadModel(source, options)).rejects.toBe(reason);
  expect(performance.now() - at).toBeLessThan(AT_ONCE_MS);
  expect(counts.buffers).toBe(0);
  // What still ran in the background makes nothing and says nothing.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(counts.buffers).toBe(0);
  expect(late.filter(({ stage }) => stage !== 'download')).toEqual([]);
}

gpuTest('loadModel is cancelled at any moment, at once, and leaves nothing', async (gpu) => {
  const file = await demoFile();
  const own = countedGpu(gpu);
  const data = `data:application/octet-stream;base64,${Buffer.from(await file.arrayBuffer()).toString('base64')}`;
  await cancelLoad({ source: data, on: own, when: ({ stage }) => stage === 'download' });
  const url = URL.createObjectURL(file);
  await cancelLoad({ source: url, on: own, when: ({ loaded }) => loaded > 1e6 });
  URL.revokeObjectURL(url);
  // A disk that hangs while the directory is read.
  await cancelLoad({ source: new StuckBlob(file, 1), on: own, when: 50 });
  expect(own.counts).toEqual({ buffers: 0, devices: 0, made: 0 });
  await cancelLoad({ source: file, on: own, when: ({ stage }) => stage === 'weights' });

  const lent = { device, counts };
  await cancelLoad({ source: file, on: lent, when: ({ stage }) => stage === 'tune', tuning });
  await cancelLoad({
    source: file,
    on: lent,
    when: ({ stage, loaded }) => stage === 'weights' && loaded > 1e6,
  });
  await cancelLoad({
    source: file,
    on: lent,
    when: ({ stage, loaded }) => stage === 'compile' && loaded > 2,
  });
  await cancelLoad({ source: new StuckBlob(file, 40), on: lent, when: 1500 });

  const cancelled = { gpu, signal: AbortSignal.abort('too late') };
  await expect(loadModel(file, cancelled)).rejects.toBe('too late');
  await expect(loadModel('https://example.invalid/', cancelled)).rejects.toBe('too late');

  // The device itself waits for its compiler, which nobody can stop.
  await vi.waitFor(() => expect(own.counts.devices).toBe(0), { timeout: 100_000, interval: 100 });
  (await loadModel(file, { device })).dispose();
});

gpuTest('setImage and predict are cancelled between submits, and the model goes on', async () => {
  const picture = disc(60, 50);
  // At 512 the encoder takes several submits: between them it can stop.
  await withModel(await demoFile(), { device, imageSize: 512 }, async (model) => {
    using image = await model.setImage(picture);
    const [before] = await image.predict({ box: BOX });

    const signal = AbortSignal.abort('too late');
    await expect(model.setImage(picture, { signal })).rejects.toBe('too late');
    await expect(image.predict({ box: BOX, signal })).rejects.toBe('too late');

    const cancel = new AbortController();
    const steps: number[] = [];
    const encoding = model.setImage(disc(50, 60), {
      signal: cancel.signal,
      onProgress: (done) => {
        steps.push(done);
        cancel.abort('enough');
      },
    });
    // A call that waits behind it does not wait to be cancelled, and one without a signal gets its turn.
    const waiting = new AbortController();
    const cancelled = image.predict({ box: BOX, signal: waiting.signal });
    const patient = image.predict({ box: BOX });
    waiting.abort('not me');
    const start = performance.now();
    await expect(cancelled).rejects.toBe('not me');
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    await expect(encoding).rejects.toBe('enough');
    expect(steps).toHaveLength(1);
    expect(steps[0]).toBeLessThan(1);

    // The first picture's features were set aside for the second, and come back.
    expect((await patient)[0]?.lowResLogits).toEqual(before?.lowResLogits);
    const late = new AbortController();
    const predicting = image.predict({ box: BOX, signal: late.signal });
    setTimeout(() => late.abort('gone'), 5);
    await expect(predicting).rejects.toBe('gone');
    expect((await image.predict({ box: BOX }))[0]?.lowResLogits).toEqual(before?.lowResLogits);

    const done: number[] = [];
    using again = await model.setImage(picture, { onProgress: (share) => done.push(share) });
    expect(done.length).toBeGreaterThan(1);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.filter((share) => share === 1)).toEqual([1]);
    expect(done.at(-1)).toBe(1);
    expect((await again.predict({ box: BOX }))[0]?.lowResLogits).toEqual(before?.lowResLogits);
  });
});

gpuTest('a call that ends well reports 1 at the end, once, however short it is', async () => {
  const points = { pointCoords: [[9, 9]], pointLabels: [1] } as const;
  await withModel(await sam2radFile(), { device }, async (model) => {
    const told = async (call: (onProgress: (share: number) => void) => Promise<unknown>) => {
      const shares: number[] = [];
      await call((share) => shares.push(share));
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
      expect(shares.filter((share) => share === 1)).toEqual([1]);
    };
    const image = await model.setImage(disc(50, 60));
    await told((onProgress) => model.setImage(disc(60, 50), { onProgress }));
    // The prompt predictor runs in the first, and a decode a class after it in the second.
    await told((onProgress) => image.predict({ onProgress }));
    await told((onProgress) => image.predict({ ...points, refine: 'logits', onProgress }));
    await told((onProgress) => image.predict({ mode: 'manual', ...points, onProgress }));
  });
});

gpuTest('progress goes through the stages, never back, and ends in ready', async (gpu) => {
  const file = await demoFile();
  const url = URL.createObjectURL(file);
  const events: LoadProgress[] = [];
  const { gpu: counted, counts: own } = countedGpu(gpu);
  (await loadModel(url, { gpu: counted, onProgress: (event) => events.push(event) })).dispose();
  // A device that we requested goes with its model.
  expect(own).toMatchObject({ buffers: 0, devices: 0 });
  URL.revokeObjectURL(url);
  const of = (stage: LoadProgress['stage']) => events.filter((event) => event.stage === stage);
  for (const stage of ['download', 'weights', 'compile'] as const) {
    const loaded = of(stage).map((event) => event.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    const { total } = of(stage).at(-1) ?? {};
    expect(new Set(of(stage).map((event) => event.total))).toEqual(new Set([total]));
    expect(loaded.at(-1)).toBe(total);
    expect(total).toBeGreaterThan(0);
  }
  expect(of('download').at(-1)).toEqual({ stage: 'download', loaded: file.size, total: file.size });
  const lastDownload = events.findLastIndex(({ stage }) => stage === 'download');
  expect(events.findIndex(({ stage }) => stage !== 'download')).toBe(lastDownload + 1);
  expect(of('ready')).toEqual([{ stage: 'ready', loaded: 1, total: 1 }]);
  expect(events.at(-1)?.stage).toBe('ready');
});

gpuTest(
  'a training is cancelled while its kernels are timed, at once, however long that would take',
  async () => {
    const cancel = new AbortController();
    const told: TrainingProgress[] = [];
    let at = Number.NaN;
    const abort = () => {
      at = performance.now();
      cancel.abort('enough');
    };
    const training = openTrainingRun({
      ...{ base: await demoFile(), datasetName: 'discs', classNames: ['disc'], validation: [] },
      training: [
        { name: 'disc', width: 8, height: 8, load: () => Promise.reject(new Error('read too early')) },
      ],
      settings: {
        ...{ train: 'ppn', tokens: 10, epochs: 1, batch: 1, learningRate: 1e-4, clip: null },
        ...{ augment: 'none', preprocess: 'sam2rad', seed: 0 },
      },
      ...{ device, tuning, signal: cancel.signal },
      onProgress: (progress) => {
        // Amid what is timed next.
        if (told.push(progress) === 1) setTimeout(abort, 20);
      },
    });
    await expect(training).rejects.toBe('enough');
    expect(performance.now() - at).toBeLessThan(AT_ONCE_MS);
    expect(told[0]).toMatchObject({ stage: 'tune', loaded: 0 });
    expect(counts.buffers).toBe(0);
  },
);
