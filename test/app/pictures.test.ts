import sharp from 'sharp';
import { expect, test } from 'vitest';
import { withoutHidden } from '../../app/src/export/paint.ts';
import { greyPng } from '../../app/src/export/png.ts';
import { MAX_PIXELS, MAX_SIDE } from '../../app/src/pictures/files.ts';
import { declaredSize } from '../../app/src/pictures/header.ts';
import { sortFiles } from '../../app/src/pictures/sort-files.ts';
import * as engine from '../../src/web/picture.ts';

const canvas = sharp({ create: { width: 37, height: 23, channels: 4, background: '#40608080' } });
const encodings = {
  png: canvas.clone().png(),
  'interlaced png': canvas.clone().png({ progressive: true }),
  jpeg: canvas.clone().jpeg(),
  'progressive jpeg with EXIF': canvas.clone().jpeg({ progressive: true }).withMetadata({ orientation: 6 }),
  'lossy webp': canvas.clone().removeAlpha().webp(),
  'webp with alpha': canvas.clone().webp(),
  'lossless webp': canvas.clone().webp({ lossless: true }),
};

test.each(Object.entries(encodings))('the header of a %s says its size', async (_, encoding) => {
  expect(declaredSize(new Uint8Array(await encoding.toBuffer()))).toEqual({ width: 37, height: 23 });
});

test('headers that are cut off or something else have no size', async () => {
  const png = new Uint8Array(await encodings.png.toBuffer());
  for (const bytes of [new Uint8Array(), png.slice(0, 20), new TextEncoder().encode('<!doctype html><html>')])
    expect(declaredSize(bytes)).toBeNull();
  const jpeg = new Uint8Array(await encodings.jpeg.toBuffer());
  for (let length = 0; length < 160; length++)
    expect(() => declaredSize(jpeg.slice(0, length))).not.toThrow();
});

test('a mask PNG holds exactly the class numbers', async () => {
  const [width, height] = [41, 29];
  const values = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) & 255);
  const { data, info } = await sharp(await greyPng(values, width, height))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width, height, channels: 1 });
  expect(new Uint8Array(data)).toEqual(values);
});

test('hidden classes are left out of the painting, not out of the mask', () => {
  const map = Uint8Array.of(0, 1, 2, 3);
  expect(withoutHidden(map, [true, false, true])).toEqual(Uint8Array.of(0, 1, 0, 3));
  expect(withoutHidden(map, [true, true, true])).toBe(map);
  expect(map).toEqual(Uint8Array.of(0, 1, 2, 3));
});

test('checkpoints are known by their names, everything else may be a picture', () => {
  const names = ['a.PT', 'b.safetensors', 'c.png', 'd.ckpt', 'e.pth', 'f', 'g.pt.png', 'h.ZIP'];
  const { zips, checkpoints, others } = sortFiles(names.map((name) => new File([], name)));
  expect(zips.map(({ name }) => name)).toEqual(['h.ZIP']);
  expect(checkpoints.map(({ name }) => name)).toEqual(['a.PT', 'b.safetensors', 'd.ckpt', 'e.pth']);
  expect(others.map(({ name }) => name)).toEqual(['c.png', 'f', 'g.pt.png']);
});

test("the page opens what the engine takes: its limits are the engine's", () => {
  expect({ MAX_PIXELS, MAX_SIDE }).toEqual({ MAX_PIXELS: engine.MAX_PIXELS, MAX_SIDE: engine.MAX_SIDE });
});
