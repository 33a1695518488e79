import { expect, test } from 'vitest';
import {
  addPicture,
  FakeFolder,
  label,
  MAP,
  messageOf,
  openPage,
  SETTINGS,
  workOf,
} from './workspace-fakes.ts';

const PLAN = {
  ...{ datasetName: 'd', classNames: ['Bone'], settings: SETTINGS, training: [], validation: [] },
  base: new File(['base'], 'base.safetensors'),
};

const FACTS = { classNames: ['Bone'], pictures: 1, steps: 2, dice: 0.5 };

async function worked(folder: FakeFolder) {
  const page = await openPage(folder);
  const a = await addPicture(page, 'A knee.png', 1);
  await addPicture(page, 'B.png', 2);
  label(page, a, 'accepted');
  page.store.dispatch({ type: 'class/list', group: 'user', names: ['Bone', 'Tendon'] });
  page.store.dispatch({ type: 'training/choices', change: { epochs: 7 } });
  page.workspace.addModel(new Blob(['weights']), FACTS);
  await page.workspace.flush();
  return { page, a };
}

test('work comes back: pictures, labels bit for bit, names, choices, models, and what was open', async () => {
  const folder = new FakeFolder();
  const { page, a } = await worked(folder);
  page.store.dispatch({ type: 'library/open', id: a });
  await page.workspace.flush();
  expect(folder.log.at(-1)).toBe('workspace.json');
  const again = await openPage(folder);
  expect(workOf(again)).toEqual({ 'A knee.png': { status: 'accepted', map: MAP }, 'B.png': null });
  const { state } = again.store;
  expect(state.classes.lists['user']?.map(({ name }) => name)).toEqual(['Bone', 'Tendon']);
  expect(state.training.choices.epochs).toBe(7);
  expect(state.workspace.models).toMatchObject([{ ...FACTS, bytes: 7 }]);
  expect(state.library.pictures.find(({ id }) => id === state.library.open)?.name).toBe('A knee.png');
  const [model] = state.workspace.models;
  expect(await (await again.workspace.file(model?.file ?? '')).text()).toBe('weights');
  expect(messageOf(again)).toBeNull();
});

test('nothing is written again that did not change, and what went is taken away', async () => {
  const folder = new FakeFolder();
  const { page, a } = await worked(folder);
  const before = folder.log.length;
  await page.workspace.flush();
  expect(folder.log).toHaveLength(before);
  label(page, a, 'draft', MAP.toReversed());
  await page.workspace.flush();
  expect(folder.log.slice(before)).toEqual([
    expect.stringMatching(/^labels\/a-knee\.\d+\.png$/),
    'workspace.json',
  ]);
  page.store.dispatch({ type: 'library/remove', id: a });
  await page.workspace.flush();
  expect((await folder.list()).map((path) => path.replace(/\.\d+\./, '.'))).toEqual([
    ...['models/trained.safetensors', 'pictures/b.png', 'workspace.json'],
  ]);
});

test('labels that went and came again are the new ones, whatever their number', async () => {
  const folder = new FakeFolder();
  const { page, a } = await worked(folder);
  page.store.dispatch({ type: 'label/removed', picture: a });
  label(page, a, 'accepted', MAP.toReversed());
  await page.workspace.flush();
  expect(workOf(await openPage(folder))['A knee.png']?.map).toEqual(MAP.toReversed());
});

test("a sample's labels are kept, and find the sample again", async () => {
  const folder = new FakeFolder();
  const page = await openPage(folder);
  const id = await addPicture(page, 'Wrist 000', 3, false);
  await addPicture(page, 'Wrist 003', 4, false);
  label(page, id, 'accepted');
  await page.workspace.flush();
  const again = await openPage(folder, true, async (second) => {
    await addPicture(second, 'Wrist 003', 4, false);
    await addPicture(second, 'Wrist 000', 3, false);
  });
  expect(workOf(again)).toEqual({ 'Wrist 003': null, 'Wrist 000': { status: 'accepted', map: MAP } });
  expect(again.store.state.library.pictures.map(({ removable }) => removable)).toEqual([false, false]);
  expect(messageOf(again)).toBeNull();
});

test('the storage is asked to stay when the first work is kept, and once', async () => {
  const page = await openPage(new FakeFolder());
  await page.workspace.flush();
  expect(page.persisted()).toBe(0);
  await addPicture(page, 'A.png');
  await page.workspace.flush();
  await page.workspace.flush();
  expect(page.persisted()).toBe(1);
});

test('a full storage: said once, what was kept stays whole, and all is written when there is room', async () => {
  const folder = new FakeFolder();
  const { page, a } = await worked(folder);
  const kept = new Map(folder.files);
  folder.room = [...kept.values()].reduce((sum, { size }) => sum + size, 0) + 10;
  page.workspace.addModel(new Blob([new Uint8Array(1000)]), FACTS);
  label(page, a, 'draft');
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('full');
  expect(messageOf(page)).toMatch(/storage is full/);
  page.store.dispatch({ type: 'workspace/change', change: { message: null } });
  await page.workspace.flush();
  expect(messageOf(page)).toBeNull();
  // A page that is loaded now finds what was kept before.
  expect(workOf(await openPage(folder, false))['A knee.png']?.status).toBe('accepted');
  const [, big] = page.store.state.workspace.models;
  expect((await page.workspace.file(big?.file ?? '')).size).toBe(1000);
  folder.room = Number.POSITIVE_INFINITY;
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('kept');
  expect(workOf(await openPage(folder))['A knee.png']?.status).toBe('draft');
});

test('in a full storage, what is given up makes room for what comes', async () => {
  const folder = new FakeFolder();
  const { page } = await worked(folder);
  page.workspace.addModel(new Blob([new Uint8Array(5000)]), FACTS);
  await page.workspace.flush();
  folder.room = [...folder.files.values()].reduce((sum, { size }) => sum + size, 0) + 500;
  page.workspace.addModel(new Blob([new Uint8Array(4000)]), FACTS);
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('full');
  const [, large] = page.store.state.workspace.models;
  page.store.dispatch({ type: 'workspace/remove-model', file: large?.file ?? '' });
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('kept');
  expect((await openPage(folder)).store.state.workspace.models.map(({ bytes }) => bytes)).toEqual([7, 4000]);
});

test('in a full storage, what comes while room is made is not taken away again', async () => {
  const folder = new FakeFolder();
  const { page } = await worked(folder);
  const [first] = page.store.state.workspace.models;
  page.workspace.addModel(new Blob([new Uint8Array(5000)]), FACTS);
  await page.workspace.flush();
  folder.room = [...folder.files.values()].reduce((sum, { size }) => sum + size, 0) + 500;
  const [, large] = page.store.state.workspace.models;
  page.workspace.addModel(new Blob([new Uint8Array(4000)]), FACTS);
  page.store.dispatch({ type: 'workspace/remove-model', file: large?.file ?? '' });
  const { write } = folder;
  folder.write = (path, data) => {
    folder.write = write;
    page.workspace.addModel(new Blob(['meanwhile']), FACTS);
    return write.call(folder, path, data);
  };
  await page.workspace.flush();
  await page.workspace.flush();
  expect(first && (await folder.files.get(first.file)?.text())).toBe('weights');
  const again = await openPage(folder);
  const { models } = again.store.state.workspace;
  expect(models.map(({ bytes }) => bytes)).toEqual([7, 4000, 9]);
  expect(await (await again.workspace.file(models[2]?.file ?? '')).text()).toBe('meanwhile');
});

test('a storage that fails is said, and nothing is lost when it works again', async () => {
  const folder = new FakeFolder();
  const { page } = await worked(folder);
  const { write } = folder;
  folder.write = () => Promise.reject(new Error('the disk is gone.'));
  await addPicture(page, 'C.png', 3);
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('failed');
  expect(messageOf(page)).toBe(
    'The work could not be written: the disk is gone. It is still in this page; export it.',
  );
  folder.write = write;
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('kept');
  expect(Object.keys(workOf(await openPage(folder)))).toContain('C.png');
});

test('a storage that cannot be read is said, and nothing is written over what it holds', async () => {
  const folder = new FakeFolder();
  await worked(folder);
  const before = [...folder.files];
  folder.read = () => Promise.reject(new Error('the disk does not answer'));
  const page = await openPage(folder);
  expect(messageOf(page)).toMatch(/^The kept work cannot be read: the disk does not answer\. It is left/);
  await addPicture(page, 'C.png', 3);
  await page.workspace.flush();
  expect(page.store.state.workspace.place).toBe('failed');
  expect([...folder.files]).toEqual(before);
});

test('a damaged index: said, and pictures, labels and models are found by their files', async () => {
  const folder = new FakeFolder();
  await worked(folder);
  const whole = JSON.parse((await folder.files.get('workspace.json')?.text()) ?? '');
  for (const text of ['{"format":', JSON.stringify({ ...whole, pictures: [null] })]) {
    folder.files.set('workspace.json', new Blob([text]));
    const page = await openPage(folder);
    expect(messageOf(page)).toMatch(/^workspace\.json is damaged/);
    expect(workOf(page)).toEqual({ 'a-knee.png': { status: 'draft', map: MAP }, 'b.png': null });
    expect(page.store.state.workspace.models).toHaveLength(1);
  }
});

test('a damaged or missing file is named, and the rest is there', async () => {
  const folder = new FakeFolder();
  await worked(folder);
  const labels = (await folder.list()).find((path) => path.startsWith('labels/')) ?? '';
  // Cut short: a disk's failure.
  folder.files.set(labels, new Blob([(await folder.files.get(labels)?.slice(0, 50).arrayBuffer()) ?? '']));
  folder.files.delete('pictures/b.png');
  const page = await openPage(folder);
  expect(messageOf(page)).toContain(`${labels} is damaged`);
  expect(messageOf(page)).toContain('pictures/b.png is not among the kept files any more');
  expect(workOf(page)).toEqual({ 'A knee.png': null });
});

test('what could not be read is kept until the work is erased: it may be readable another time', async () => {
  const folder = new FakeFolder();
  await worked(folder);
  const { read } = folder;
  folder.read = (path) =>
    /^(labels\/|pictures\/b)/.test(path)
      ? Promise.reject(new Error(`${path} is busy`))
      : read.call(folder, path);
  const page = await openPage(folder);
  expect(messageOf(page)).toMatch(/labels\/a-knee\.\d+\.png is busy; pictures\/b\.png is busy/);
  // A new picture of the name of one that was not read does not take its place.
  await addPicture(page, 'B.png', 5);
  await page.workspace.flush();
  expect((await page.workspace.collected()).pictures.map(({ labels }) => labels)).toEqual([null, null]);
  folder.read = read;
  const again = await openPage(folder);
  expect(messageOf(again)).toBeNull();
  expect(workOf(again)['A knee.png']).toEqual({ status: 'accepted', map: MAP });
  expect(again.store.state.library.pictures.map(({ name }) => name)).toEqual([
    'A knee.png',
    'B.png',
    'B.png',
  ]);
});

test('labels that are made anew take the place of those that could not be read', async () => {
  const folder = new FakeFolder();
  const { a } = await worked(folder);
  const labels = (await folder.list()).find((path) => path.startsWith('labels/')) ?? '';
  folder.files.set(labels, new Blob(['damaged']));
  const page = await openPage(folder);
  expect(a).toBe(page.store.state.library.pictures[0]?.id);
  page.store.dispatch({ type: 'library/size', id: a, width: 4, height: 3 });
  label(page, a, 'draft', MAP.toReversed());
  await page.workspace.flush();
  const again = await openPage(folder);
  expect([messageOf(again), workOf(again)['A knee.png']?.map]).toEqual([null, MAP.toReversed()]);
});

test('curves that are damaged start anew', async () => {
  const folder = new FakeFolder();
  const { page } = await worked(folder);
  await page.workspace.endRun(null);
  const log = (await folder.list()).find((path) => path.startsWith('training/log')) ?? '';
  folder.files.set(log, new Blob(['{"events":[null]}']));
  const again = await openPage(folder);
  expect(messageOf(again)).toMatch(/^training\/log\.\d+\.json is damaged: the curves start anew/);
  expect(again.store.state.training.curves.events).toEqual([]);
});

test('a second tab sees the work, and writes nothing', async () => {
  const folder = new FakeFolder();
  await worked(folder);
  const before = folder.log.length;
  const second = await openPage(folder, false);
  const id = await addPicture(second, 'C.png', 3);
  label(second, id, 'accepted');
  await second.workspace.flush();
  expect(folder.log).toHaveLength(before);
  // It can train on what it has in memory all the same.
  const run = await second.workspace.beginRun({ ...PLAN, training: [id] });
  expect((await second.workspace.file(run.training[0]?.labels ?? '')).size).toBeGreaterThan(0);
  expect(folder.log).toHaveLength(before);
});

test('without a storage the page works from memory', async () => {
  const page = await openPage(null);
  await addPicture(page, 'A.png');
  await page.workspace.flush();
  expect(messageOf(page)).toBeNull();
  expect((await page.workspace.collected()).pictures).toHaveLength(1);
});

test('a training keeps the labels it began with, whatever becomes of them, until it ends', async () => {
  const folder = new FakeFolder();
  const { page, a } = await worked(folder);
  const { training } = await page.workspace.beginRun({ ...PLAN, training: [a] });
  await page.workspace.saveCheckpoint(1, 2, new Blob(['one']));
  await page.workspace.saveCheckpoint(2, 2, new Blob(['two']));
  page.store.dispatch({ type: 'library/remove', id: a });
  await page.workspace.flush();
  const again = await openPage(folder);
  expect(again.workspace.run?.checkpoint).toMatchObject({ step: 2, steps: 2 });
  expect(await (await again.workspace.file(again.workspace.run?.checkpoint?.file ?? '')).text()).toBe('two');
  expect((await again.workspace.file(training[0]?.labels ?? '')).size).toBeGreaterThan(0);
  expect((await folder.list()).filter((path) => path.startsWith('training/'))).toHaveLength(3);
  await again.workspace.endRun(null);
  expect((await folder.list()).filter((path) => /^(training\/(base|ch)|labels)/.test(path))).toEqual([]);
});

test('erased is erased', async () => {
  const folder = new FakeFolder();
  const { page } = await worked(folder);
  for (const { id } of page.store.state.library.pictures) page.store.dispatch({ type: 'library/remove', id });
  for (const { file } of page.store.state.workspace.models)
    page.store.dispatch({ type: 'workspace/remove-model', file });
  await page.workspace.erase();
  expect(await folder.list()).toEqual(['workspace.json']);
  expect(workOf(await openPage(folder))).toEqual({});
});
