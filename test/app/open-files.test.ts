import { expect, test } from 'vitest';
import { Engine } from '../../app/src/engine/engine.ts';
import { PictureFiles } from '../../app/src/pictures/files.ts';
import { openFiles } from '../../app/src/pictures/open-files.ts';
import { Work } from '../../app/src/training/work.ts';
import { grey } from '../dataset/files.ts';
import { FakeWorker } from './fake-worker.ts';
import { startLabelling } from './label-start.ts';
import { pictureFile } from './workspace-fakes.ts';

function start() {
  const page = startLabelling();
  const { store, maps } = page;
  const files = new PictureFiles();
  const loaded: string[] = [];
  const zips: string[] = [];
  const targets = {
    ...{ ...page, files },
    engine: {
      load: async ({ name }: { name: string }) => {
        loaded.push(name);
        store.dispatch({ type: 'session/notice', notice: null });
      },
    },
    work: { import: async (some: readonly File[]) => void zips.push(...some.map(({ name }) => name)) },
  };
  const work = new Work({
    ...{ store, files, maps, engine: new Engine(store, () => new FakeWorker()) },
    createWorker: () => Object.assign(new FakeWorker(), { terminate: () => undefined }),
    ...{ forgetLabels: () => undefined, removePicture: () => undefined },
  });
  return { ...page, targets, loaded, zips, work };
}

type Page = ReturnType<typeof start>;

const file = (name: string, content: BlobPart = 'x') => new File([content], name);
const notice = ({ store }: Page) => store.state.session.notice;
const names = ({ store }: Page) => store.state.library.pictures.map(({ name }) => name);

/** As a browser gives a folder that was dropped. */
function folder(name: string): File {
  const refuse = () =>
    Promise.reject(new DOMException('a requested file could not be read', 'NotReadableError'));
  return Object.assign(file(name), { arrayBuffer: refuse, slice: () => ({ arrayBuffer: refuse }) });
}

test('zips, pictures, masks and a checkpoint of one drop all come; what is too many or no picture is named', async () => {
  const page = start();
  const mask = Uint8Array.from(grey('000000', '001100', '000000', '000000'));
  await openFiles(
    [
      ...[
        file('work.zip'),
        file('new.png', await pictureFile(1)),
        file('more.ZIP'),
        file('a_mask.png', mask),
      ],
      ...[file('one.pt'), file('two.safetensors'), folder('scans'), folder('scans.png'), file('notes.txt')],
    ],
    page.targets,
  );
  expect([page.zips, page.loaded]).toEqual([['work.zip', 'more.ZIP'], ['one.pt']]);
  expect(names(page)).toEqual(['a.png', 'b.png', 'c.png', 'new.png']);
  expect(page.store.state.labels['a']?.status).toBe('draft');
  // Also after the model has come to life, which takes notices away.
  expect(notice(page)).toEqual({
    tone: 'error',
    text: 'two.safetensors was left out: one model is loaded at a time. scans cannot be read: if it is a folder, open the files in it. scans.png cannot be read: if it is a folder, open the files in it. 1 more file was left out.',
  });
});

test('of many bad files the first are told, and how many there are', async () => {
  const page = start();
  await openFiles(
    Array.from({ length: 10 }, (_, i) => file(`${i}.txt`)),
    page.targets,
  );
  expect(notice(page)?.text).toMatch(
    /^0\.txt is no PNG.* 1\.txt is no .* 2\.txt is .* 7 more files were left out\.$/,
  );
});

test('each zip that is none is named', async () => {
  const page = start();
  await page.work.import([file('a.zip'), file('b.zip')]);
  expect(page.store.state.workspace).toMatchObject({
    busy: null,
    message: { tone: 'error', text: 'a.zip is no zip, or it is damaged. b.zip is no zip, or it is damaged.' },
  });
});

test('a kept model whose file is gone is said, whatever was asked of it', async () => {
  const page = start();
  const facts = { classNames: [], pictures: 1, steps: 1, dice: null, bytes: 1 };
  const model = { ...facts, file: 'models/m.safetensors', name: 'm.safetensors' };
  const { store, work } = page;
  for (const ask of [() => work.choose(model), () => work.download(model, 'canonical')]) {
    await ask();
    expect(store.state.workspace.message?.text).toBe(
      'models/m.safetensors is not among the kept files any more.',
    );
    store.dispatch({ type: 'workspace/change', change: { message: null } });
  }
});
