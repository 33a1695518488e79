import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageSession, Prediction } from '../../src/index.ts';
import { loadModel } from '../../src/index.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { gpuTest } from '../gpu-device.ts';
import { countedDevice, type GpuCounts } from './counted-gpu.ts';
import { demoFile, disc, noise, sam2radFile } from './models.ts';

/** Some tests compute for half a minute where they have two cores to themselves. */
const PATIENCE_MS = 400_000;

/** One device for the file: it keeps the compiled pipelines from model to model. */
let device: GPUDevice;
let counts: GpuCounts;
beforeAll(async () => {
  ({ device, counts } = await countedDevice(createNodeGpu()));
});
afterAll(() => {
  expect(counts.buffers).toBe(0);
  device.destroy();
});

/** Node's own collector, whenever it is called. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

/** Every bit of an answer, as a word. */
function fingerprint(prediction: Prediction): string {
  const hash = createHash('sha256').update(prediction.classMap);
  for (const { mask, lowResLogits, logits, iou, objectScore, area, box, predictedBox } of prediction) {
    hash
      .update(mask)
      .update(new Uint8Array(lowResLogits.buffer, lowResLogits.byteOffset, lowResLogits.byteLength));
    if (logits) hash.update(new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
    hash.update(JSON.stringify([iou, objectScore, area, box, predictedBox]));
  }
  return hash.digest('hex').slice(0, 12);
}

gpuTest(
  'several pictures at once answer as each does alone, whatever the order',
  async () => {
    using model = await loadModel(await sam2radFile(), { device });
    const pictures = { a: noise(60, 50, 1), b: noise(33, 71, 3) };
    const questions = {
      auto: { mode: 'auto' },
      box: { mode: 'manual', box: [5, 5, 30, 30] },
      both: { mode: 'auto', pointCoords: [[9, 9]], pointLabels: [1] },
    } as const;
    const ask = async (image: ImageSession, question: keyof typeof questions) =>
      fingerprint(await image.predict(questions[question]));

    const alone = new Map<string, string>();
    for (const [name, picture] of Object.entries(pictures)) {
      using image = await model.setImage(picture);
      // Auto after manual after auto: nothing of a question stays for the next.
      for (const question of ['auto', 'box', 'both', 'auto'] as const) {
        const answer = await ask(image, question);
        expect(alone.get(`${name} ${question}`) ?? answer).toBe(answer);
        alone.set(`${name} ${question}`, answer);
      }
    }
    expect(new Set(alone.values()).size).toBe(6);

    const sessions = { a: await model.setImage(pictures.a), b: await model.setImage(pictures.b) };
    // Asked at once, without waiting; answered in order.
    const asked = ['b auto', 'a box', 'a both', 'b box', 'a auto', 'b both'] as const;
    const answered: string[] = [];
    const answers = await Promise.all(
      asked.map(async (call) => {
        const [name, question] = call.split(' ') as [keyof typeof sessions, keyof typeof questions];
        const answer = await ask(sessions[name], question);
        answered.push(call);
        return answer;
      }),
    );
    expect(answers).toEqual(asked.map((call) => alone.get(call)));
    expect(answered).toEqual(asked);

    // One ends, another picture comes, and the other goes on.
    sessions.b.dispose();
    using third = await model.setImage(pictures.b);
    expect(await ask(third, 'box')).toBe(alone.get('b box'));
    expect(await ask(sessions.a, 'box')).toBe(alone.get('a box'));
    // A profile encodes the picture that came last, and asks of it.
    await model.profile();
    expect(await ask(sessions.a, 'auto')).toBe(alone.get('a auto'));
    expect(await ask(third, 'box')).toBe(alone.get('b box'));
  },
  PATIENCE_MS,
);

gpuTest(
  'ten times load, setImage, predict and dispose leave no buffer',
  async () => {
    const file = await demoFile();
    const prints = new Set<string>();
    const made = new Set<number>();
    for (let i = 0; i < 10; i++) {
      counts.made = 0;
      {
        using model = await loadModel(file, { device });
        const image = await model.setImage(disc(60, 50));
        prints.add(fingerprint(await image.predict({ box: [10, 10, 50, 40], returnLogits: true })));
      }
      expect(counts.buffers).toBe(0);
      made.add(counts.made);
    }
    expect(prints.size).toBe(1);
    expect(made.size).toBe(1);
  },
  PATIENCE_MS,
);

gpuTest(
  'pictures of 28 sizes on one model keep the buffers bounded',
  async () => {
    using model = await loadModel(await demoFile(), { device });
    const alive: number[] = [];
    const sizes = Array.from({ length: 28 }, (_, i) => [20 + ((i * 37) % 50), 20 + i] as const);
    for (const [i, [width, height]] of sizes.entries()) {
      using image = await model.setImage(disc(width, height));
      // Every fourth is asked, too: its masks are a stage of their own size.
      if (i % 4 === 0) await image.predict({ box: [5, 5, 15, 15] });
      alive.push(counts.buffers);
    }
    // 24 stages are kept, each with its parameters and at most four tables; more sizes bring no more buffers.
    const settled = alive.slice(24);
    expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(24);
    const weights = alive[0] ?? 0;
    expect(Math.max(...alive) - weights).toBeLessThan(24 * 5);
    // A size that comes again within reach makes nothing at all.
    const [width, height] = sizes.at(-1) ?? [20, 20];
    (await model.setImage(disc(width, height))).dispose();
    counts.made = 0;
    (await model.setImage(disc(width, height))).dispose();
    expect(counts.made).toBe(0);
  },
  PATIENCE_MS,
);

gpuTest(
  'what pictures took is counted and given back: of all but one when they are disposed, of a large one when a small comes',
  async () => {
    using model = await loadModel(await demoFile(), { device });
    const small = disc(60, 50);
    const options = { box: [10, 10, 50, 40], returnLogits: true } as const;
    const ask = async (picture: typeof small) => {
      using image = await model.setImage(picture);
      const [{ logits } = { logits: undefined }] = await image.predict(options);
      return logits;
    };
    const before = await ask(small);
    const alone = model.memory.planned;
    const sessions: ImageSession[] = [];
    for (let i = 0; i < 4; i++) sessions.push(await model.setImage(small));
    const set = (model.memory.planned - alone) / 3;
    expect(set).toBeGreaterThanOrEqual(4 * 256 * 16 * 16);
    for (const session of sessions) session.dispose();
    expect(model.memory.planned).toBe(alone + set);

    // Pixels and logits of 17.6 MB each; its mask is small enough to keep.
    const { buffers } = counts;
    await ask(disc(2100, 2100));
    const large = model.memory.planned;
    expect(await ask(small)).toEqual(before);
    expect(large - model.memory.planned).toBeGreaterThan(35e6);
    expect(counts.buffers).toBeLessThanOrEqual(buffers + 8);
  },
  PATIENCE_MS,
);

gpuTest(
  'sessions that nobody disposed give their features back when they are collected',
  async () => {
    using model = await loadModel(await demoFile(), { device });
    const picture = disc(60, 50);
    const drop = async (times: number) => {
      for (let i = 0; i < times; i++) await model.setImage(picture);
    };
    await drop(4);
    const collect = collector();
    await expect
      .poll(
        async () => {
          collect();
          await new Promise((resolve) => setTimeout(resolve, 10));
          counts.made = 0;
          // The one before may still be alive; it is set aside where a collected one was, and one such place is kept.
          await drop(1);
          return counts.made;
        },
        { timeout: 20_000 },
      )
      .toBe(0);
  },
  PATIENCE_MS,
);

test('a GPU that was handed over is never collected: Dawn would take the process along', async () => {
  const load = async () => {
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    await expect(loadModel(await demoFile(), { gpu })).rejects.toThrow('no adapter');
    return new WeakRef(gpu);
  };
  const given = await load();
  const collect = collector();
  for (let i = 0; i < 3; i++) {
    // A reference that was followed holds until the event loop turns.
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  expect(given.deref()).toBeDefined();
});
