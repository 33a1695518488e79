import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type DatasetOptions, loadCase, openDataset } from '../../weights-tools/dataset/dataset.ts';
import { packageRoot } from '../../weights-tools/node/package.ts';
import { makePng } from '../cli/png.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { folderOf, grey, levels, palettePng } from './files.ts';

const open = (folder: string, options: DatasetOptions = {}, part: 'Train' | 'Test' = 'Train') =>
  openDataset(sharp, folder, part, options);

const SOME = grey('0120');
const one = (truth: Uint8Array, image: Uint8Array = grey('1234')) =>
  folderOf({ 'imgs/a.png': image, 'gts/a.png': truth });

test('the phantoms: 10 to train, 20 to test, their classes counted', async () => {
  const phantoms = join(packageRoot(), 'phantoms');
  for (const [anatomy, classes] of [
    ['wrist', 1],
    ['hip', 2],
    ['shoulder', 2],
  ] as const) {
    const train = await open(join(phantoms, anatomy));
    expect(train).toMatchObject({ folder: join(phantoms, anatomy, 'Train'), warnings: [] });
    expect(train.cases.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, i) => `00${i}`));
    expect(train.classNames).toHaveLength(classes);
  }
  const { cases } = await open(join(phantoms, 'hip'), {}, 'Test');
  expect(cases).toHaveLength(20);
  const [first] = cases;
  if (!first) throw new Error('no case');
  expect(first).toMatchObject({ group: '000', width: 557, height: 506, classes: [1, 2] });
  expect(first.imageSha256).toMatch(/^[0-9a-f]{64}$/);
  const { picture, classMap } = await loadCase(sharp, first);
  expect(picture).toMatchObject({ width: 557, height: 506 });
  // As counted by another reader.
  expect(classMap.filter((value) => value === 1)).toHaveLength(2719);
  expect(classMap.filter((value) => value === 2)).toHaveLength(22474);
});

test('the page’s samples are phantoms, byte for byte', () => {
  const samples = join(packageRoot(), 'app/public/samples');
  const names = readdirSync(samples).filter((name) => name.endsWith('.png'));
  expect(names).toHaveLength(6);
  for (const name of names) {
    const original = phantomPath(name.replace(/-(\d+)\.png$/, '/$1'));
    expect(readFileSync(join(samples, name)).equals(readFileSync(original)), name).toBe(true);
  }
});

test('one picture is a dataset, empty masks among others are, endings may differ', async () => {
  expect((await open(one(SOME))).classNames).toEqual(['class 1', 'class 2']);
  const jpeg = await sharp(Uint8Array.from([1, 2, 3, 4]), { raw: { width: 4, height: 1, channels: 1 } })
    .jpeg()
    .toBuffer();
  const folder = folderOf({
    'imgs/a.jpg': jpeg,
    'imgs/b.png': grey('1234'),
    'gts/a.PNG': SOME,
    'gts/b.png': grey('0000'),
    'imgs/.DS_Store': 'x',
    'imgs/Thumbs.db': 'x',
    'imgs/notes.txt': 'x',
  });
  const { cases, warnings } = await open(folder);
  expect(cases.map(({ classes }) => classes)).toEqual([[1, 2], []]);
  expect(warnings).toEqual([
    `${join(folder, 'imgs/notes.txt')} is neither PNG, JPEG nor WebP and was left out`,
  ]);
});

describe('masks that say the same', () => {
  test.each([
    ['in 16 bits', makePng({ width: 4, height: 1, bits: 16 }, [0, 0, 0, 0, 1, 0, 2, 0, 0])],
    ['as grey RGB', makePng({ width: 4, height: 1, colour: 2 }, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0])],
    [
      'with an opaque alpha',
      makePng({ width: 4, height: 1, colour: 4 }, [0, 0, 255, 1, 255, 2, 255, 0, 255]),
    ],
    [
      'as indices of colours',
      palettePng(
        [
          [0, 0, 0],
          [128, 0, 0],
          [0, 128, 0],
        ],
        0,
        1,
        2,
        0,
      ),
    ],
    [
      'as indices of their own greys',
      palettePng(
        [
          [0, 0, 0],
          [1, 1, 1],
          [2, 2, 2],
        ],
        0,
        1,
        2,
        0,
      ),
    ],
  ])('%s', async (_, truth) => {
    const { cases } = await open(one(truth));
    const [first] = cases;
    if (!first) throw new Error('no case');
    expect([...(await loadCase(sharp, first)).classMap]).toEqual([0, 1, 2, 0]);
  });
});

describe('what is wrong is one line that names the file', () => {
  const cases: [string, () => string, RegExp, DatasetOptions?][] = [
    ['no folder', () => '/nowhere/at/all', /cannot read \/nowhere\/at\/all: there is no such file/],
    [
      'another layout',
      () => folderOf({ 'a.png': SOME }),
      /is no dataset: expected imgs\/ and gts\/.*holds a\.png/,
    ],
    ['no Train', () => folderOf({ 'Test/imgs/a.png': SOME }), /has Test\/ but no Train\//],
    ['no gts', () => folderOf({ 'imgs/a.png': SOME }), /has no folder gts\//],
    [
      'no images',
      () => {
        const folder = folderOf({ 'gts/a.png': SOME });
        mkdirSync(join(folder, 'imgs'));
        return folder;
      },
      /imgs holds no pictures/,
    ],
    [
      'a picture without a mask',
      () => folderOf({ 'imgs/a.png': SOME, 'imgs/b.png': SOME, 'gts/a.png': SOME }),
      /a picture has no mask of the same name in .*gts: .*b\.png/,
    ],
    [
      'a mask without a picture',
      () => folderOf({ 'imgs/a.png': SOME, 'gts/b.png': SOME, 'gts/a.png': SOME }),
      /a mask has no picture of the same name in .*imgs: .*b\.png/,
    ],
    [
      'two pictures of a name',
      () => folderOf({ 'imgs/a.png': SOME, 'imgs/a.jpg': 'x', 'gts/a.png': SOME }),
      /a\.jpg and .*a\.png share one name/,
    ],
    [
      'sizes that differ',
      () => one(grey('012')),
      /gts\/a\.png is 3 x 1 pixels, its picture .*imgs\/a\.png is 4 x 1/,
    ],
    [
      'a class past the count',
      () => one(grey('0130')),
      /gts\/a\.png holds class number 3, expected 0 for the background and 1 to 2/,
      { classNames: ['a', 'b'] },
    ],
    [
      'a gap in the classes',
      () => one(grey('0130')),
      /go up to class 3, but none holds class 2; give --classes 3/,
    ],
    ['only empty masks', () => one(grey('0000')), /holds 1 masks and all are empty/],
    [
      'anti-aliasing',
      () => one(levels(0, 255, 63, 127, 191), levels(1, 2, 3, 4, 5)),
      /gts\/a\.png has 5 grey levels.*anti-aliased/,
    ],
    [
      'black and white',
      () => one(levels(0, 255, 255, 0)),
      /gts\/a\.png is black and white \(0 and 255\)/,
      { classNames: ['bone'] },
    ],
    [
      'colours',
      () => one(makePng({ width: 4, height: 1, colour: 2 }, [0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0])),
      /gts\/a\.png is saved as colours \(255, 0, 0 at x 1, y 0\)/,
    ],
    [
      'transparency',
      () => one(makePng({ width: 4, height: 1, colour: 4 }, [0, 0, 255, 1, 254, 2, 255, 0, 255])),
      /gts\/a\.png has transparent pixels \(at x 1, y 0\)/,
    ],
    [
      'a palette of other greys',
      () =>
        one(
          palettePng(
            [
              [2, 2, 2],
              [0, 0, 0],
              [1, 1, 1],
            ],
            1,
            2,
            0,
            1,
          ),
        ),
      /palette of greys in which index \d is grey \d/,
    ],
    ['a JPEG mask', () => folderOf({ 'imgs/a.png': SOME, 'gts/a.jpg': 'x' }), /gts\/a\.jpg is no PNG/],
    ['a damaged mask', () => one(SOME.subarray(0, -20)), /gts\/a\.png is damaged/],
    ['a damaged picture', () => one(SOME, SOME.subarray(0, -20)), /imgs\/a\.png/],
    [
      'a group that is nowhere',
      () => one(SOME),
      /--group-by p\(\\d\+\) finds nothing in the name of .*a\.png/,
      { groupBy: /p(\d+)/ },
    ],
  ];
  test.each(cases)('%s', async (_, make, message, options = {}) => {
    const error = await open(make(), options).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error?.name).toMatch(/^(DatasetError|PictureError)$/);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });
});
