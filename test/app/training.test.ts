import { expect, test } from 'vitest';
import type { LoadedModel, Reply, Request } from '../../app/src/engine/protocol.ts';
import type { KeptModel } from '../../app/src/state/workspace.ts';
import { ClassesSeen } from '../../app/src/training/class-counts.ts';
import { TrainingController } from '../../app/src/training/controller.ts';
import type { TrainInput, TrainReport } from '../../app/src/training/protocol.ts';
import type { StepEvent } from '../../src/training.ts';
import { FakeWorker } from './fake-worker.ts';
import {
  addPicture,
  type FakeFolder,
  type FakePage,
  FakeFolder as Folder,
  label,
  MAP,
  openPage,
} from './workspace-fakes.ts';

class TrainingThread extends FakeWorker {
  isEnded = false;
  terminate(): void {
    this.isEnded = true;
  }
}

const BASE = new File(['base weights'], 'base.safetensors');

async function open(folder: FakeFolder, otherTabTrains: boolean | Error = false) {
  const page = await openPage(folder);
  const threads: TrainingThread[] = [];
  const used: KeptModel[] = [];
  const locks = { taken: 0 };
  const controller = new TrainingController({
    store: page.store,
    workspace: page.workspace,
    seen: new ClassesSeen(page.maps),
    createWorker: () => {
      const thread = new TrainingThread();
      threads.push(thread);
      return thread;
    },
    base: async () => BASE,
    use: async (model) => void used.push(model),
    lock: async () => {
      if (otherTabTrains instanceof Error) throw otherTabTrains;
      if (otherTabTrains) return null;
      locks.taken += 1;
      return () => {
        locks.taken -= 1;
      };
    },
    now: () => 0,
  });
  controller.restore();
  loadModel(page);
  return { ...page, controller, threads, used, locks };
}

type Page = Awaited<ReturnType<typeof open>>;

function loadModel(
  { store }: Pick<FakePage, 'store'>,
  dataset?: LoadedModel['config']['datasets'][number],
): void {
  const config = { datasets: dataset ? [dataset] : [], preprocess: 'sam2' };
  // Of a model, a training asks for nothing else.
  const model = {
    name: 'm',
    hasPredictor: dataset !== undefined,
    classes: [],
    config,
  } as unknown as LoadedModel;
  store.dispatch({ type: 'engine/loaded', model });
}

/** Labelled pictures, and the first of them on show. */
async function labelled(page: FakePage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    ids.push(await addPicture(page, `P${i}.png`, i));
    label(page, ids[i] ?? '', 'accepted', MAP);
  }
  page.store.dispatch({ type: 'class/list', group: 'user', names: ['Bone', 'Tendon'] });
  return ids;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries++) await new Promise((r) => setTimeout(r, 5));
  expect(condition()).toBe(true);
}

const phase = ({ store }: Page) => store.state.training.run?.phase ?? null;
const message = ({ store }: Page) => store.state.training.message?.text ?? null;
const stepsShown = ({ store }: Page) => store.state.training.curves.events.map(({ step }) => step);

/** The call of a thread, once it has come. */
async function begun(page: Page, at = 0): Promise<{ thread: TrainingThread; input: TrainInput }> {
  await until(() => page.threads[at]?.sent.some(({ call }) => call === 'train') ?? false);
  const thread = page.threads[at] ?? new TrainingThread();
  const request = thread.sent.find(
    (sent): sent is Extract<Request, { call: 'train' }> => sent.call === 'train',
  );
  if (!request) throw new Error('no training was asked for');
  return { thread, input: request.input };
}

const reply = (thread: TrainingThread, answer: Partial<Reply>) => thread.reply({ id: 1, ...answer } as Reply);
const say = (thread: TrainingThread, ...reports: TrainReport[]) => {
  for (const progress of reports) reply(thread, { kind: 'progress', progress });
};
const stepEvent = (step: number): StepEvent => ({
  ...{ kind: 'step', step, epoch: step, learningRate: 1e-4, gradientNorm: 1 },
  losses: { total: 10 / step, dice: 1, focal: 1, object: 1, box: 1, interim: 1 },
});
const saved = (step: number, content: string): TrainReport => ({
  ...{ kind: 'checkpoint', step, steps: 9, data: new Blob([content]) },
});

test('from labels to a model in use: what is sent, shown and kept', async () => {
  const page = await open(new Folder());
  await labelled(page, 5);
  void page.controller.start();
  const { thread, input } = await begun(page);
  expect([input.training.length, input.validation.length]).toEqual([4, 1]);
  expect(input).toMatchObject({ datasetName: 'labelled', classNames: ['Bone', 'Tendon'], resume: null });
  expect(input.settings).toMatchObject({
    ...{ epochs: 40, batch: 1, tokens: 10, preprocess: 'sam2', seed: 0 },
    ...{ train: 'ppn+lora', learningRate: 5e-4, clip: 1, queryDeviation: 1 },
  });
  expect(await input.base.text()).toBe('base weights');
  expect(phase(page)).toBe('preparing');
  say(
    thread,
    { kind: 'preparing', stage: 'pictures', loaded: 2, total: 5 },
    { kind: 'ready', done: 0, steps: 200 },
    stepEvent(1),
  );
  expect(page.store.state.training.run).toMatchObject({
    phase: 'training',
    step: 1,
    steps: 200,
    validation: 1,
  });
  say(thread, { kind: 'validation', step: 1, epoch: 1, dice: [0.5, null] }, { kind: 'saving' });
  reply(thread, { kind: 'done', output: { kind: 'done', steps: 200, model: new Blob(['learned']) } });
  await until(() => page.used.length === 1);
  expect(page.used).toMatchObject([{ classNames: ['Bone', 'Tendon'], pictures: 4, steps: 200, dice: 0.5 }]);
  expect(await (await page.workspace.file(page.used[0]?.file ?? '')).text()).toBe('learned');
  expect(phase(page)).toBeNull();
  await until(() => page.locks.taken === 0);
  expect(thread.isEnded).toBe(true);
  expect(page.workspace.run).toBeNull();
});

test('a model that cannot be used is said; the training is at its end all the same', async () => {
  const page = await open(new Folder());
  await labelled(page, 1);
  page.used.push = () => {
    throw new Error('trained.safetensors is not among the kept files any more');
  };
  void page.controller.start();
  const { thread } = await begun(page);
  reply(thread, { kind: 'done', output: { kind: 'done', steps: 1, model: new Blob(['learned']) } });
  await until(() => page.locks.taken === 0);
  expect([phase(page), thread.isEnded]).toEqual([null, true]);
  expect(message(page)).toBe('trained.safetensors is not among the kept files any more.');
  expect(page.store.state.workspace.models).toHaveLength(1);
});

test('a model that prompts itself goes on learning: its queries keep their name and number', async () => {
  const page = await open(new Folder());
  await labelled(page, 1);
  loadModel(page, { name: 'wrist', classes: 2, tokens: 7 });
  page.store.dispatch({ type: 'class/list', group: 'model', names: ['A', 'B'] });
  void page.controller.start();
  const { input } = await begun(page);
  expect(input).toMatchObject({ datasetName: 'wrist', classNames: ['A', 'B'] });
  expect(input.settings).toMatchObject({ tokens: 7, preprocess: 'sam2' });
});

test('paused, it goes on from its checkpoint, also in a page that was loaded again', async () => {
  const folder = new Folder();
  const page = await open(folder);
  await labelled(page, 1);
  void page.controller.start();
  const { thread } = await begun(page);
  say(thread, { kind: 'ready', done: 0, steps: 9 }, stepEvent(1), stepEvent(2));
  page.controller.pause();
  expect(phase(page)).toBe('pausing');
  expect(thread.sent.at(-1)?.call).toBe('pause');
  say(thread, stepEvent(3), saved(3, 'three'));
  reply(thread, { kind: 'done', output: { kind: 'paused' } });
  await until(() => phase(page) === 'paused');
  const again = await open(folder);
  expect(again.store.state.training.run).toMatchObject({ phase: 'paused', step: 3 });
  expect(stepsShown(again)).toEqual([1, 2, 3]);
  expect(message(again)).toBe('The training stopped after step 3 and can go on.');
  void again.controller.resume();
  const { thread: next, input } = await begun(again);
  expect(await input.resume?.text()).toBe('three');
  say(next, { kind: 'ready', done: 3, steps: 9 }, stepEvent(4));
  expect(stepsShown(again)).toEqual([1, 2, 3, 4]);
});

test('a lost device: once it goes on by itself from the last checkpoint, then it asks', async () => {
  const page = await open(new Folder());
  await labelled(page, 1);
  void page.controller.start();
  const { thread } = await begun(page);
  say(thread, { kind: 'ready', done: 0, steps: 9 }, stepEvent(1), saved(1, 'one'), stepEvent(2));
  reply(thread, { kind: 'failed', name: 'DeviceLostError', message: 'gone' });
  const { thread: second, input } = await begun(page, 1);
  // Two threads would share one GPU.
  expect([thread.isEnded, second.isEnded]).toEqual([true, false]);
  expect(await input.resume?.text()).toBe('one');
  expect(message(page)).toBe('The graphics device was lost. The training goes on from step 1.');
  // What had come after the checkpoint comes again.
  expect(stepsShown(page)).toEqual([1]);
  reply(second, { kind: 'failed', name: 'DeviceLostError', message: 'gone' });
  await until(() => phase(page) === 'paused');
  expect(message(page)).toBe('The graphics device was lost. It can go on from step 1.');
  expect(page.threads).toHaveLength(2);
});

test('a loss that is no number: said with its step, the last good state kept, and a lower rate may be tried', async () => {
  const page = await open(new Folder());
  await labelled(page, 1);
  void page.controller.start();
  const { thread } = await begun(page);
  say(thread, { kind: 'ready', done: 0, steps: 9 }, stepEvent(1), saved(1, 'one'));
  reply(thread, {
    kind: 'failed',
    name: 'GpuError',
    message: 'step 2: the loss is no longer finite (dice is NaN)',
  });
  await until(() => phase(page) === 'paused');
  expect(message(page)).toBe('step 2: the loss is no longer finite (dice is NaN). It can go on from step 1.');
  page.store.dispatch({ type: 'training/choices', change: { learningRate: 1e-5, epochs: 3 } });
  void page.controller.resume();
  const { input } = await begun(page, 1);
  expect(input.settings).toMatchObject({ learningRate: 1e-5, epochs: 40 });
});

test('a kept file that is gone is named, and the training waits', async () => {
  const folder = new Folder();
  const page = await open(folder);
  await labelled(page, 1);
  void page.controller.start();
  const { thread } = await begun(page);
  say(thread, { kind: 'ready', done: 0, steps: 9 }, stepEvent(1), saved(1, 'one'));
  reply(thread, { kind: 'done', output: { kind: 'paused' } });
  await until(() => phase(page) === 'paused');
  const path = page.workspace.run?.checkpoint?.file ?? '';
  folder.files.delete(path);
  await page.controller.resume();
  expect(message(page)).toBe(`${path} is not among the kept files any more. It can go on from step 1.`);
  expect(phase(page)).toBe('paused');
});

test('cancelled, its thread ends at once and nothing of it is kept', async () => {
  const folder = new Folder();
  const page = await open(folder);
  await labelled(page, 1);
  void page.controller.start();
  const { thread } = await begun(page);
  say(thread, { kind: 'ready', done: 0, steps: 9 }, stepEvent(1), saved(1, 'one'));
  await page.controller.cancel();
  expect(phase(page)).toBeNull();
  await until(() => thread.isEnded && page.locks.taken === 0);
  expect((await folder.list()).filter((path) => /^training\/(base|checkpoint)/.test(path))).toEqual([]);
});

test('another tab that trains is named, and nothing is started', async () => {
  const page = await open(new Folder(), true);
  await labelled(page, 1);
  await page.controller.start();
  expect(message(page)).toMatch(/^Another tab of this page is training/);
  expect([phase(page), page.threads.length]).toEqual([null, 0]);
});

test('a lock that is refused is said', async () => {
  const page = await open(new Folder(), new Error('the browser refuses locks here'));
  await labelled(page, 1);
  await page.controller.start();
  expect(message(page)).toBe('the browser refuses locks here.');
});

test('labels that nothing can be learned from are refused in a sentence', async () => {
  const page = await open(new Folder());
  await page.controller.start();
  expect(message(page)).toMatch(/^no labelled picture is accepted yet/);
  const [id = ''] = await labelled(page, 1);
  label(page, id, 'accepted', new Uint8Array(12));
  await page.controller.start();
  expect(message(page)).toMatch(/labels of all accepted pictures are empty/);
  label(page, id, 'accepted', new Uint8Array(12).fill(5));
  await page.controller.start();
  expect(message(page)).toMatch(/labels hold class number 5, but there are 2 classes: add a class, or/);
  // What a model has learned is fixed.
  loadModel(page, { name: 'wrist', classes: 2, tokens: 7 });
  page.store.dispatch({ type: 'class/list', group: 'model', names: ['A', 'B'] });
  await page.controller.start();
  expect(message(page)).toMatch(/number 5, but there are 2 classes: correct the labels, or begin with Plain/);
  expect(page.threads).toHaveLength(0);
});
