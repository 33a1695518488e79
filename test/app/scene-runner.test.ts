import { afterEach, expect, test, vi } from 'vitest';
import { EngineClient } from '../../app/src/engine/client.ts';
import type { LoadedModel, SceneResult } from '../../app/src/engine/protocol.ts';
import { SceneRunner } from '../../app/src/engine/scene-runner.ts';
import { createStore } from '../../app/src/state/store.ts';
import { FakeWorker } from './fake-worker.ts';

/** Those that nobody has closed. */
class Bitmaps {
  readonly left: string[] = [];
  /** What decoding and copying wait for. */
  decoding = Promise.resolve();
  copying = Promise.resolve();

  open(name: string): ImageBitmap {
    this.left.push(name);
    const close = () => void this.left.splice(this.left.indexOf(name), 1);
    return { width: 8, height: 6, close } as ImageBitmap;
  }
}

/** The page without a page: a store, and a worker that the test answers for. */
function start() {
  const store = createStore();
  const worker = new FakeWorker();
  const errors: unknown[] = [];
  const engine = {
    client: new EngineClient(worker),
    epoch: 1,
    fail: (error: unknown) => void errors.push(error),
  };
  const decoded: string[] = [];
  const bitmaps = new Bitmaps();
  const decode = async ({ id }: { id: string }) => {
    decoded.push(id);
    await bitmaps.decoding;
    return bitmaps.open(id);
  };
  vi.stubGlobal('createImageBitmap', async () => {
    await bitmaps.copying;
    return bitmaps.open('copy');
  });
  const runner = new SceneRunner(store, engine, { decode });
  const picture = {
    name: 'P',
    stem: 'p',
    group: 'user',
    thumbnail: '',
    removable: true,
    exampleBoxes: [],
    size: null,
  };
  store.dispatch({ type: 'library/add', pictures: ['a', 'b'].map((id) => ({ ...picture, id })) });
  return { store, worker, engine, runner, errors, decoded, bitmaps };
}

type Page = ReturnType<typeof start>;

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const calls = ({ worker }: Page) => worker.sent.map(({ call }) => call).join(' ');
const given = ({ worker }: Page) => worker.sent.filter(({ call }) => call === 'open').length;
const lastId = ({ worker }: Page) => worker.sent.findLast(({ call }) => call !== 'cancel')?.id ?? 0;
const open = ({ store }: Page, id: string) => store.dispatch({ type: 'library/open', id });
const addPoint = ({ store }: Page, x: number) =>
  store.dispatch({ type: 'prompt/add-point', picture: 'a', classNumber: 1, point: { x, y: 1, label: 1 } });

function loadModel({ store, engine }: Page): void {
  engine.epoch += 1;
  store.dispatch({
    type: 'engine/loaded',
    model: { name: 'm', hasPredictor: false, classes: [] } as unknown as LoadedModel,
  });
}

async function encoded(page: Page): Promise<void> {
  await settle();
  page.worker.reply({
    id: lastId(page),
    kind: 'done',
    output: { milliseconds: 5, memory: {} as SceneResult['memory'] },
  });
  await settle();
}

const scene = (milliseconds: number) =>
  ({ milliseconds, results: [], outlines: {}, memory: {} }) as unknown as SceneResult;

afterEach(() => void vi.unstubAllGlobals());

test('a picture is shown before there is a model, and encoded as soon as there is one, without decoding it again', async () => {
  const page = start();
  open(page, 'a');
  await settle();
  expect(page.runner.bitmap).not.toBeNull();
  expect(calls(page)).toBe('');
  loadModel(page);
  await encoded(page);
  expect(calls(page)).toBe('open');
  expect(page.store.state.session).toMatchObject({
    activity: { kind: 'idle' },
    encodeMilliseconds: 5,
    result: null,
  });
  expect(page.decoded).toEqual(['a']);
});

test('of quick prompts the last one wins; the earlier ones are cancelled', async () => {
  const page = start();
  loadModel(page);
  open(page, 'a');
  await encoded(page);
  addPoint(page, 1);
  await settle();
  const first = lastId(page);
  addPoint(page, 2);
  await settle();
  expect(calls(page)).toBe('open predict cancel predict');
  page.worker.reply({ id: first, kind: 'done', output: scene(1) });
  page.worker.reply({ id: lastId(page), kind: 'done', output: scene(2) });
  await settle();
  expect(page.store.state.session.result?.milliseconds).toBe(2);
  expect(page.errors).toEqual([]);
});

test('prompts of the same moment are one prediction', async () => {
  const page = start();
  loadModel(page);
  open(page, 'a');
  await encoded(page);
  addPoint(page, 1);
  addPoint(page, 2);
  await settle();
  expect(calls(page)).toBe('open predict');
});

test('another picture cancels the one that is being encoded, and prompts wait for it', async () => {
  const page = start();
  loadModel(page);
  addPoint(page, 3);
  open(page, 'b');
  await settle();
  open(page, 'a');
  await settle();
  expect(calls(page)).toBe('open cancel open');
  expect(page.worker.sent.at(-1)).toMatchObject({ input: { picture: 'a' } });
  await encoded(page);
  expect(page.worker.sent.at(-1)).toMatchObject({ call: 'predict', input: { picture: 'a' } });
});

test('undoing the last prompt takes the mask away without asking the engine', async () => {
  const page = start();
  loadModel(page);
  open(page, 'a');
  await encoded(page);
  addPoint(page, 1);
  await settle();
  page.worker.reply({ id: lastId(page), kind: 'done', output: scene(1) });
  await settle();
  page.store.dispatch({ type: 'prompt/undo', picture: 'a' });
  await settle();
  expect(page.store.state.session.result).toBeNull();
  expect(calls(page)).toBe('open predict');
});

test('another model encodes the open picture again and predicts its prompts again', async () => {
  const page = start();
  loadModel(page);
  open(page, 'a');
  await encoded(page);
  addPoint(page, 1);
  await settle();
  page.store.dispatch({ type: 'engine/lost' });
  loadModel(page);
  await encoded(page);
  expect(calls(page)).toBe('open predict cancel open predict');
  expect(page.decoded).toEqual(['a']);
});

test('an error of the engine is handed on once, and nothing is busy any more', async () => {
  const page = start();
  loadModel(page);
  open(page, 'a');
  await settle();
  page.worker.reply({ id: lastId(page), kind: 'failed', name: 'GpuError', message: 'out of memory' });
  await settle();
  expect(page.errors).toMatchObject([{ name: 'GpuError' }]);
  expect(page.store.state.session.activity.kind).toBe('idle');
});

test('what was decoded for a picture that was left meanwhile is closed', async () => {
  const page = start();
  const { bitmaps } = page;
  loadModel(page);
  for (const moment of ['decoding', 'copying'] as const) {
    let release = () => {};
    bitmaps[moment] = new Promise((resolve) => {
      release = resolve;
    });
    open(page, 'a');
    await settle();
    bitmaps[moment] = Promise.resolve();
    open(page, 'b');
    await settle();
    release();
    await settle();
    // One on show; its copy is the worker's.
    expect(bitmaps.left.filter((name) => name !== 'copy')).toEqual(['b']);
    expect(bitmaps.left.filter((name) => name === 'copy')).toHaveLength(given(page));
  }
});
