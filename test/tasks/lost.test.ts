import { afterAll, beforeAll, expect } from 'vitest';
import { DeviceLostError, loadModel } from '../../src/index.ts';
import { gpuTest } from '../gpu-device.ts';
import { countedDevice } from './counted-gpu.ts';
import { demoFile, disc } from './models.ts';

const WITHIN_MS = 1000;
/** Several devices, each with a compiler to warm up. */
const PATIENCE_MS = 300_000;
const BOX = [10, 10, 50, 40] as const;
const PICTURE = disc(60, 50);

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => {
  process.on('unhandledRejection', note);
});
afterAll(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** Every call rejects with this, soon after `since`, now if not given. */
async function expectEnd(
  calls: readonly Promise<unknown>[],
  message: RegExp,
  since: () => number = (
    (start) => () =>
      start
  )(performance.now()),
): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    const reason = result.status === 'rejected' ? result.reason : 'no rejection';
    expect(reason).toBeInstanceOf(DeviceLostError);
    expect(reason.message).toMatch(message);
  }
  expect(performance.now() - since()).toBeLessThan(WITHIN_MS);
}

/** Dawn's `destroy` stands still until the pipelines under way are compiled: what counts is the time after it. */
function destroyer(device: GPUDevice) {
  let at = Number.NaN;
  const destroy = () => {
    device.destroy();
    at = performance.now();
  };
  return { destroy, since: () => at };
}

gpuTest(
  'a device lost in the middle ends every call, and a new one works',
  async (gpu) => {
    const file = await demoFile();
    const lost = /^the GPU device was lost \(destroyed.*\); call loadModel again to go on$/;
    {
      const { device } = await countedDevice(gpu);
      const { destroy, since } = destroyer(device);
      const loading = loadModel(file, {
        device,
        onProgress: ({ stage, loaded }) => {
          if (stage === 'weights' && loaded > 1e6 && Number.isNaN(since())) destroy();
        },
      });
      await expectEnd([loading], lost, since);
      await expectEnd([loadModel(file, { device })], lost);
    }
    {
      const { device } = await countedDevice(gpu);
      const model = await loadModel(file, { device });
      const image = await model.setImage(PICTURE);
      await image.predict({ box: BOX });
      const calls = [
        image.predict({ box: BOX, returnTensors: true }),
        model.setImage(disc(70, 50)),
        image.predict({ pointCoords: [[5, 5]], pointLabels: [1] }),
        model.profile(),
      ];
      const later = () => [image.predict({ box: BOX }), model.setImage(PICTURE), model.profile()];
      const { destroy, since } = destroyer(device);
      setTimeout(destroy, 5);
      await expectEnd(calls, lost, since);
      await expectEnd(later(), lost);
      image.dispose();
      model.dispose();
      await expectEnd([model.setImage(PICTURE)], lost);
    }
    {
      const { device, counts } = await countedDevice(gpu);
      const model = await loadModel(file, { device });
      const image = await model.setImage(PICTURE);
      expect((await image.predict({ box: BOX }))[0]?.area).toBeGreaterThan(0);
      const encoding = model.setImage(disc(90, 50));
      const { destroy, since } = destroyer(device);
      destroy();
      await expectEnd([encoding, image.predict({ box: BOX })], lost, since);
      model.dispose();
      expect(counts).toMatchObject({ buffers: 0, devices: 0 });
    }
  },
  PATIENCE_MS,
);

gpuTest(
  'dispose ends pending and later calls, twice is once, and nothing stays',
  async (gpu) => {
    const file = await demoFile();
    const disposed = /^this model was disposed; call loadModel for a new one$/;
    const { device, counts } = await countedDevice(gpu);
    const refused: string[] = [];
    device.addEventListener('uncapturederror', ({ error }) => refused.push(error.message));
    const model = await loadModel(file, { device });
    const image = await model.setImage(PICTURE);
    const closed = await model.setImage(disc(40, 30));
    const predicting = closed.predict({ box: [1, 1, 9, 9] });
    closed.dispose();
    closed.dispose();
    await expect(predicting).rejects.toThrow('this picture was disposed; call setImage again');
    await expectEnd([closed.predict({ box: BOX })], /^this picture was disposed; call setImage again$/);

    const calls = [image.predict({ box: BOX }), model.setImage(PICTURE), image.predict({ box: BOX })];
    // In the middle of the first.
    await new Promise((resolve) => setTimeout(resolve, 5));
    model.dispose();
    model.dispose();
    await expectEnd(calls, disposed);
    await expectEnd([image.predict({ box: BOX }), model.setImage(PICTURE), model.profile()], disposed);
    image.dispose();
    image[Symbol.dispose]();
    expect(counts).toMatchObject({ buffers: 0, devices: 1 });

    // The caller's device is still the caller's: the next model loads on it, and `using` frees it.
    {
      using next = await loadModel(file, { device });
      using picture = await next.setImage(PICTURE);
      expect((await picture.predict({ box: BOX }))[0]?.area).toBeGreaterThan(0);
      expect(counts.buffers).toBeGreaterThan(0);
    }
    expect(counts).toMatchObject({ buffers: 0, devices: 1 });
    expect(refused).toEqual([]);
    device.destroy();
  },
  PATIENCE_MS,
);
