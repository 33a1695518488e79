import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { PictureError } from '../../src/errors.ts';
import { encodePng, readPicture } from '../../weights-tools/node/pictures.ts';
import { makePng } from './png.ts';
import { cpuTimer, sam2rad, scratch } from './run.ts';

/** Writes `bytes` to a file and decodes it. */
async function decode(bytes: Uint8Array, name = 'picture.png') {
  const path = join(scratch(), name);
  writeFileSync(path, bytes);
  const { width, height, data } = await readPicture(sharp, path);
  return { width, height, rgba: [...data] };
}

const refusal = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('was decoded'),
    (error) => error,
  );

/** 2 x 1: red, blue. */
const redBlue = () =>
  sharp(Uint8Array.from([255, 0, 0, 0, 0, 255]), { raw: { width: 2, height: 1, channels: 3 } });
const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];

test('PNG and lossless WebP come as their pixels, JPEG near them', async () => {
  const expected = { width: 2, height: 1, rgba: [...RED, ...BLUE] };
  expect(await decode(await redBlue().png().toBuffer())).toEqual(expected);
  expect(await decode(await redBlue().webp({ lossless: true }).toBuffer(), 'a.webp')).toEqual(expected);
  const { rgba, ...size } = await decode(await redBlue().jpeg({ quality: 100 }).toBuffer(), 'a.jpg');
  expect(size).toEqual({ width: 2, height: 1 });
  expect(rgba).toHaveLength(8);
});

test('a rotation in EXIF is applied', async () => {
  // Orientation 6: the camera lay on its right side; the first row is the right edge of the scene.
  const turned = await redBlue().withMetadata({ orientation: 6 }).webp({ lossless: true }).toBuffer();
  expect(await decode(turned, 'turned.webp')).toEqual({ width: 1, height: 2, rgba: [...RED, ...BLUE] });
  const mirrored = await redBlue().withMetadata({ orientation: 2 }).png().toBuffer();
  expect(await decode(mirrored)).toEqual({ width: 2, height: 1, rgba: [...BLUE, ...RED] });
  const jpeg = await sharp({ create: { width: 30, height: 10, channels: 3, background: '#888' } })
    .withMetadata({ orientation: 8 })
    .jpeg()
    .toBuffer();
  expect(await decode(jpeg, 'a.jpg')).toMatchObject({ width: 10, height: 30 });
});

test('of 16 bits the upper 8 are taken, grey is repeated', async () => {
  const rows = [0, 0x12, 0x34, 0xff, 0xff, 0x00, 0xff];
  const { rgba } = await decode(makePng({ width: 3, height: 1, bits: 16 }, rows));
  expect(rgba).toEqual([0x12, 0x12, 0x12, 255, 255, 255, 255, 255, 0, 0, 0, 255]);
});

test('one bit a pixel is black and white', async () => {
  const { rgba } = await decode(makePng({ width: 2, height: 1, bits: 1 }, [0, 0b01000000]));
  expect(rgba).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});

test('what is transparent lies over black', async () => {
  const rows = [0, 200, 100, 50, 128, 10, 20, 30, 0];
  const { rgba } = await decode(makePng({ width: 2, height: 1, colour: 6 }, rows));
  expect(rgba).toEqual([100, 50, 25, 255, 0, 0, 0, 255]);
});

test('a colour profile changes nothing: values are taken as stored', async () => {
  const plain = sharp({
    create: { width: 1, height: 1, channels: 3, background: { r: 200, g: 100, b: 50 } },
  });
  const withProfile = await plain.withIccProfile('p3').png().toBuffer();
  const stored = await sharp(withProfile, { ignoreIcc: true }).raw().toBuffer();
  expect([...stored]).not.toEqual([200, 100, 50]);
  expect((await decode(withProfile)).rgba).toEqual([...stored, 255]);
});

test('one pixel is a picture', async () => {
  expect(await decode(makePng({ width: 1, height: 1 }, [0, 77]))).toEqual({
    width: 1,
    height: 1,
    rgba: [77, 77, 77, 255],
  });
});

test('a name with brackets, a question mark and spaces is a name', async () => {
  expect(await decode(makePng({ width: 1, height: 1 }, [0, 77]), 'scan [1] 50%?.png')).toMatchObject({
    width: 1,
  });
});

test.each([
  ['a text', Buffer.from('this is no picture'), /picture\.png starts with 74686973.*PNG, JPEG or WebP/],
  ['nothing', Buffer.alloc(0), /picture\.png is empty.*PNG, JPEG or WebP/],
  [
    'an SVG',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
    /PNG, JPEG or WebP/,
  ],
  ['0 x 0 pixels', makePng({ width: 0, height: 0 }, [0]), /is 0 x 0 pixels.*at least 1 x 1/],
  ['no pixels at all', makePng({ width: 4, height: 4 }), /picture\.png is damaged.*get it again/],
  ['a header alone', makePng({ width: 1, height: 1 }).subarray(0, 20), /picture\.png is damaged/],
  ['a JPEG of three bytes', Buffer.from([0xff, 0xd8, 0xff]), /picture\.png is damaged/],
])('%s is refused by name', async (_, bytes, message) => {
  const error = await refusal(decode(bytes));
  expect(error).toBeInstanceOf(PictureError);
  expect(error.message).toMatch(message);
});

test('20,000 x 20,000 pixels are refused at once, by their header', async () => {
  const elapsed = cpuTimer();
  for (const rows of [undefined, [0, 0, 0]]) {
    const error = await refusal(decode(makePng({ width: 20000, height: 20000 }, rows)));
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(/picture\.png is 20000 x 20000 pixels, too large.*the limit is 33554432/);
  }
  expect(elapsed()).toBeLessThan(1000);
});

test('a picture that is cut off is refused, not filled up', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  const picture = sharp({ create: { width: 64, height: 64, channels: 3, background: '#000', noise } });
  for (const whole of [
    await picture.png().toBuffer(),
    await picture.jpeg().toBuffer(),
    await picture.webp().toBuffer(),
  ]) {
    const error = await refusal(decode(whole.subarray(0, whole.length >> 1)));
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(/picture\.png is damaged/);
  }
});

test('a folder and a missing file are refused with the path', async () => {
  const folder = join(scratch(), 'sub');
  mkdirSync(folder);
  expect((await refusal(readPicture(sharp, folder))).message).toMatch(/cannot read .*sub: it is a folder/);
  const missing = await refusal(readPicture(sharp, join(folder, 'no.png')));
  expect(missing).toBeInstanceOf(PictureError);
  expect(missing.message).toMatch(/cannot read .*no\.png: there is no such file/);
});

test('a device, and links in a circle, are refused in words', async () => {
  const loop = join(scratch(), 'loop.png');
  symlinkSync('loop.png', loop);
  expect((await refusal(readPicture(sharp, loop))).message).toMatch(
    /loop\.png: its links lead to each other/,
  );
  expect((await refusal(readPicture(sharp, '/dev/zero'))).message).toMatch(/\/dev\/zero: it is a device/);
  for (const argv of [
    ['info', '/dev/zero'],
    ['segment', 'a.png', '-m', '/dev/zero', '--point', '1,2,1'],
  ]) {
    const { code, err } = await sam2rad(...argv);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'sam2rad: cannot read /dev/zero: it is a device or a pipe, which has no end that could be seen; name a file\n',
    });
  }
});

test('masks are written as 8-bit grey, the numbers as they are', async () => {
  const png = await encodePng(sharp, Uint8Array.from([0, 1, 2, 255]), 2, 2, 1);
  // Bit depth and colour type of IHDR.
  expect([png[24], png[25]]).toEqual([8, 0]);
  expect([...(await sharp(png).toColourspace('b-w').raw().toBuffer())]).toEqual([0, 1, 2, 255]);
});
