import { expect, test } from 'vitest';
import { EngineClient } from '../../app/src/engine/client.ts';
import type { Calls } from '../../app/src/engine/protocol.ts';
import { RestRunner } from '../../app/src/labels/segment-rest.ts';
import type { Picture } from '../../app/src/state/library.ts';
import { PictureError } from '../../src/errors.ts';
import { FakeWorker } from './fake-worker.ts';
import { loadModel, mapOf, paint, rowsOf, SIZE, startLabelling } from './label-start.ts';

const ROWS = ['000000', '011000', '011000', '000022'];

function start(hasPredictor = true) {
  const page = startLabelling();
  const worker = new FakeWorker();
  const errors: unknown[] = [];
  const engine = { client: new EngineClient(worker), epoch: 1, fail: (error: unknown) => errors.push(error) };
  const damaged = new Set<string>();
  const decode = async ({ id, name }: Picture) => {
    if (damaged.has(id)) throw new PictureError(`${name} is damaged: the browser cannot decode it`);
    return { ...SIZE, close() {} } as ImageBitmap;
  };
  loadModel(page.store, hasPredictor);
  const rest = new RestRunner({ store: page.store, engine, files: { decode }, editor: page.editor });
  return { ...page, worker, engine, errors, rest, damaged };
}

type Started = ReturnType<typeof start>;

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const asked = ({ worker }: Started) =>
  worker.sent.map((sent) =>
    sent.call === 'cancel' ? 'cancel' : `${sent.call} ${'picture' in sent.input ? sent.input.picture : ''}`,
  );

/** Answers the call that waits. */
async function answer({ worker }: Started, map = mapOf(ROWS)): Promise<void> {
  await settle();
  const { id, call } = worker.sent.at(-1) ?? { id: 0, call: 'cancel' };
  const output = call === 'predict' ? { ...SIZE, classMap: map } : { milliseconds: 1 };
  worker.reply({ id, kind: 'done', output: output as Calls['predict']['out'] });
  await settle();
}

test('pictures without a label are segmented one after the other, and get drafts', async () => {
  const page = start();
  paint(page, [[0, 0]]);
  const done = page.rest.start();
  expect(page.store.state.rest).toEqual({ done: 0, total: 2 });
  for (let i = 0; i < 3; i++) await answer(page);
  expect(page.store.state.rest).toEqual({ done: 1, total: 2 });
  for (let i = 0; i < 3; i++) await answer(page, new Uint8Array(24));
  await done;
  expect(asked(page)).toEqual(['open b', 'predict b', 'forget b', 'open c', 'predict c', 'forget c']);
  expect(page.worker.sent[1]).toMatchObject({ input: { scene: { mode: 'auto', classes: 2, prompts: [] } } });
  expect(page.store.state.labels['c']?.status).toBe('draft');
  expect(rowsOf(page.maps.get('b'))).toEqual(ROWS);
  expect(rowsOf(page.maps.get('a'))?.[0]).toBe('100000');
  expect(page.store.state.rest).toBeNull();
  expect(page.store.state.session.notice?.text).toMatch(
    /2 pictures have new drafts; in 1 of them nothing was found\./,
  );
});

test('damaged pictures are named, and the others are segmented', async () => {
  const page = start();
  page.damaged.add('a');
  const done = page.rest.start();
  for (let i = 0; i < 2; i++) await answer(page);
  await settle();
  // The engine has its own limits.
  page.worker.reply({ id: 3, kind: 'done', output: null });
  await settle();
  page.worker.reply({ id: 4, kind: 'failed', name: 'PictureError', message: 'picture: too large' });
  await done;
  expect(asked(page)).toEqual(['open b', 'predict b', 'forget b', 'open c']);
  expect([page.errors, page.store.state.labels['b']?.status]).toEqual([[], 'draft']);
  expect(page.store.state.session.notice?.text).toMatch(
    /^1 picture has a new draft\. Left out, because it could not be read: a\.png, c\.png\. Look/,
  );
});

test('features of the picture on show are not given away', async () => {
  const page = start();
  const done = page.rest.start();
  await answer(page);
  await answer(page);
  await settle();
  expect(asked(page)).toEqual(['open a', 'predict a', 'open b']);
  page.rest.cancel();
  await answer(page);
  await done;
});

test('cancelled, it keeps what is done; a picture that was labelled meanwhile keeps its own label', async () => {
  const page = start();
  const done = page.rest.start();
  await answer(page);
  paint(page, [[5, 3]]);
  await answer(page);
  expect(rowsOf(page.maps.get('a'))).toEqual(['000000', '000000', '000000', '000001']);
  page.rest.cancel();
  await settle();
  await answer(page);
  await done;
  expect(page.store.state.rest).toBeNull();
  expect([page.store.state.labels['b'], page.errors]).toEqual([undefined, []]);
});

test('an error ends it and is told; another model leaves the rest', async () => {
  const page = start();
  const done = page.rest.start();
  await settle();
  page.worker.reply({ id: 1, kind: 'failed', name: 'GpuError', message: 'out of memory' });
  await done;
  expect([page.store.state.rest, page.errors.length]).toEqual([null, 1]);
  const again = page.rest.start();
  await answer(page);
  await answer(page);
  await settle();
  page.engine.epoch += 1;
  page.worker.reply({ id: 4, kind: 'failed', name: 'Error', message: 'this picture is not open any more' });
  await again;
  expect(page.errors).toHaveLength(1);
  expect(page.store.state.session.notice?.text).toMatch(/1 picture has a new draft\. Another model/);
});

test('a model without a predictor segments nothing by itself', async () => {
  const page = start(false);
  await page.rest.start();
  expect([page.worker.sent, page.store.state.session.notice]).toEqual([[], null]);
});
