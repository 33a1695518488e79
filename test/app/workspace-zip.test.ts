import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { greyPng } from '../../app/src/export/png.ts';
import { readClassMap } from '../../app/src/workspace/class-map.ts';
import { exported } from '../../app/src/workspace/export.ts';
import { importZip } from '../../app/src/workspace/import.ts';
import { openZip } from '../../app/src/workspace/zip.ts';
import { addPicture, FakeFolder, type FakePage, label, MAP, openPage, workOf } from './workspace-fakes.ts';

const zipFile = (files: Record<string, Uint8Array>) =>
  new File([Uint8Array.from(zipSync(files))], 'work.zip');
const bring = (file: File, page: FakePage) => importZip(file, page.workspace, page);

async function exportOf(page: FakePage): Promise<File> {
  return exported(await page.workspace.collected(), (path) => page.workspace.file(path));
}

test("an export has the reference's layout, and comes in again as it was", async () => {
  const page = await openPage(new FakeFolder());
  const [a, b] = [await addPicture(page, 'A knee.png', 1), await addPicture(page, 'B.png', 2)];
  await addPicture(page, 'C.png', 3);
  label(page, a, 'accepted');
  label(page, b, 'draft');
  page.store.dispatch({ type: 'class/list', group: 'user', names: ['Bone', 'Tendon'] });
  page.workspace.addModel(new Blob(['weights']), { classNames: ['Bone'], pictures: 1, steps: 2, dice: 0.5 });
  const zip = await exportOf(page);
  const { paths, read } = await openZip(zip);
  expect(paths.map((path) => path.replace(/-\d+/, ''))).toEqual([
    ...['drafts/b.png', 'gts/a-knee.png', 'imgs/a-knee.png', 'models/trained.safetensors'],
    ...['others/b.png', 'others/c.png', 'workspace.json'],
  ]);
  expect((await readClassMap('m', await read('gts/a-knee.png'))).data).toEqual(MAP);
  const other = await openPage(new FakeFolder());
  expect(await bring(zip, other)).toBe('From sam2rad-workspace.zip: 3 pictures and 1 model.');
  expect(workOf(other)).toEqual(workOf(page));
  expect(other.store.state.classes.lists['user']?.map(({ name }) => name)).toEqual(['Bone', 'Tendon']);
  expect(other.store.state.workspace.models).toMatchObject([{ steps: 2, dice: 0.5 }]);
  // What is there already does not come twice.
  await bring(zip, other);
  expect(other.store.state.library.pictures).toHaveLength(3);
  expect(other.store.state.workspace.models).toHaveLength(1);
});

test('an older zip does not take the place of newer labels, which are named', async () => {
  const page = await openPage(new FakeFolder());
  const id = await addPicture(page, 'A.png', 1);
  label(page, id, 'accepted');
  const zip = await exportOf(page);
  label(page, id, 'draft', MAP.toReversed());
  expect(await bring(zip, page)).toBe(
    'From sam2rad-workspace.zip: 1 picture. Not: the labels of A.png, which has other ones here: remove those first to have these.',
  );
  expect(workOf(page)).toEqual({ 'A.png': { status: 'draft', map: MAP.toReversed() } });
  page.store.dispatch({ type: 'label/removed', picture: id });
  page.maps.remove(id);
  await bring(zip, page);
  expect(workOf(page)).toEqual({ 'A.png': { status: 'accepted', map: MAP } });
});

test('kinds of pictures whose class numbers mean different things are exported apart, and come in again', async () => {
  const addSample = (page: Parameters<typeof addPicture>[0]) => addPicture(page, 'Wrist 000', 1, false);
  const page = await openPage(new FakeFolder(), true, addSample);
  page.store.dispatch({ type: 'class/list', group: 'sample', names: ['Bone'] });
  label(page, page.store.state.library.pictures[0]?.id ?? '', 'accepted');
  label(page, await addPicture(page, 'B.png', 2), 'accepted', MAP.toReversed());
  const zip = await exportOf(page);
  const { paths, read } = await openZip(zip);
  expect(paths).toEqual([
    ...['sample/gts/wrist-000.png', 'sample/imgs/wrist-000.png'],
    ...['user/gts/b.png', 'user/imgs/b.png', 'workspace.json'],
  ]);
  const other = await openPage(new FakeFolder(), true, addSample);
  expect(await bring(zip, other)).toBe('From sam2rad-workspace.zip: 2 pictures.');
  expect(workOf(other)).toEqual(workOf(page));
  // Where the sample is not there, its labels are still of its kind, where the page knows that.
  const without = await openPage(new FakeFolder());
  without.store.dispatch({ type: 'class/list', group: 'sample', names: ['Bone'] });
  await bring(zip, without);
  expect(without.store.state.library.pictures.map(({ group }) => group)).toEqual(['sample', 'user']);
  // Without the index, too, both folders are read.
  const files = Object.fromEntries(
    await Promise.all(
      paths
        .filter((path) => path !== 'workspace.json')
        .map(async (path) => [path, new Uint8Array(await (await read(path)).arrayBuffer())] as const),
    ),
  );
  const plain = await openPage(null);
  await bring(zipFile(files), plain);
  expect(workOf(plain)).toMatchObject({ 'wrist-000.png': { map: MAP }, 'b.png': { map: MAP.toReversed() } });
});

test('any zip with imgs/ and gts/ comes in, and what is wrong in it is named', async () => {
  const picture = new Uint8Array(await greyPng(new Uint8Array(12), 4, 3));
  const mask = async (values: Uint8Array, width = 4, height = 3) =>
    new Uint8Array(await greyPng(values, width, height));
  const colours = await mask(MAP);
  colours[25] = 2;
  const page = await openPage(null);
  const words = await bring(
    zipFile({
      'set/Train/imgs/good.png': picture,
      'set/Train/gts/good.png': await mask(MAP),
      'set/Train/imgs/unlabelled.png': picture,
      'set/Train/imgs/white.png': picture,
      'set/Train/gts/white.png': await mask(new Uint8Array(12).fill(255)),
      'set/Train/imgs/small.png': picture,
      'set/Train/gts/small.png': await mask(new Uint8Array(4), 2, 2),
      'set/Train/imgs/colour.png': picture,
      'set/Train/gts/colour.png': colours,
      'set/Train/imgs/.DS_Store': picture,
      'set/Test/imgs/other.png': picture,
      'set/Test/gts/other.png': await mask(MAP),
    }),
    page,
  );
  expect(workOf(page)['good.png']).toEqual({ status: 'accepted', map: MAP });
  expect(Object.keys(workOf(page)).sort()).toEqual([
    'colour.png',
    'good.png',
    'small.png',
    'unlabelled.png',
    'white.png',
  ]);
  expect(page.store.state.classes.lists['user']).toHaveLength(2);
  expect(words).toMatch(/^From work\.zip: 5 pictures\. Not: /);
  for (const wrong of [
    /colour\.png is damaged/,
    /small\.png is 2 x 2 pixels, but its picture 4 x 3/,
    /white\.png is black and white/,
  ])
    expect(words).toMatch(wrong);
});

test('what is no work is one sentence', async () => {
  const page = await openPage(null);
  await expect(bring(new File(['hello'], 'a.zip'), page)).rejects.toThrow(
    'a.zip is no zip, or it is damaged',
  );
  await expect(bring(zipFile({ 'notes.txt': strToU8('x') }), page)).rejects.toThrow(
    /work\.zip holds no work/,
  );
  await expect(bring(zipFile({ 'workspace.json': strToU8('{}') }), page)).rejects.toThrow(
    /workspace\.json is damaged/,
  );
});

test('an index that is damaged inside is named with the place, and what to do', async () => {
  const page = await openPage(null);
  const picture = { key: 'a', name: 'A', file: 'imgs/a.png', sample: false, labels: null };
  for (const [change, place] of [
    [{ pictures: [null] }, 'pictures[0]'],
    [{ pictures: [picture, { ...picture, file: 3 }] }, 'pictures[1].file'],
    [{ pictures: [{ ...picture, labels: { file: 'x.png', status: 'good' } }] }, 'pictures[0].labels.status'],
    [{ models: [{ file: 'm' }] }, 'models[0].name'],
    [{ classes: { user: 'Bone' } }, 'classes.user'],
    [{ choices: { epochs: '7' } }, 'choices.epochs'],
    [{ run: { base: {} } }, 'run.base.file'],
  ] as const) {
    const index = { format: 'sam2rad-workspace', version: 1, pictures: [], models: [], ...change };
    await expect(bring(zipFile({ 'workspace.json': strToU8(JSON.stringify(index)) }), page)).rejects.toThrow(
      `work.zip: workspace.json is damaged: its ${place} is not what this page writes; take that file out of the zip`,
    );
  }
});
