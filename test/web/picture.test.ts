import { describe, expect, it } from 'vitest';
import { PictureError } from '../../src/errors.ts';
import { type PictureSource, readPixels } from '../../src/web/picture.ts';

const hex = (source: PictureSource) =>
  [...readPixels(source).pixels].map((pixel) => pixel.toString(16).padStart(8, '0'));

/** Something that no type allows, as code without types may pass it. */
const untyped = (value: unknown) => value as PictureSource;

describe('readPixels: plain bytes', () => {
  it('packs RGBA, RGB and grey, by length', () => {
    expect(hex({ data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255), width: 2, height: 1 })).toEqual([
      'ff030201',
      'ff060504',
    ]);
    expect(hex({ data: Uint8ClampedArray.of(1, 2, 3, 4, 5, 6), width: 1, height: 2 })).toEqual([
      'ff030201',
      'ff060504',
    ]);
    expect(hex({ data: Uint8Array.of(0, 255), width: 2, height: 1 })).toEqual(['ff000000', 'ffffffff']);
  });

  it('composites alpha over black, rounded, and leaves the caller`s bytes alone', () => {
    const data = Uint8Array.of(255, 200, 1, 128, 9, 9, 9, 0);
    // 255 * 128 / 255 = 128; 200 * 128 / 255 = 100.4; 1 * 128 / 255 = 0.502
    expect(hex({ data, width: 2, height: 1 })).toEqual(['ff016480', 'ff000000']);
    expect([...data]).toEqual([255, 200, 1, 128, 9, 9, 9, 0]);
  });

  it('rounds every byte at every alpha', () => {
    const data = Uint8Array.from({ length: 256 * 256 * 4 }, (_, i) =>
      i % 4 === 3 ? i >>> 10 : (i >>> 2) & 255,
    );
    const { pixels } = readPixels({ data, width: 256, height: 256 });
    expect(pixels.every((pixel, i) => (pixel & 255) === Math.round(((i & 255) * (i >>> 8)) / 255))).toBe(
      true,
    );
  });

  it('packs any number of RGB pixels from any byte on', () => {
    const whole = Uint8Array.from({ length: 64 }, (_, i) => i * 37);
    for (let offset = 0; offset < 4; offset++)
      for (let count = 1; count < 10; count++) {
        const data = whole.subarray(offset, offset + 3 * count);
        const expected = Array.from(
          { length: count },
          (_, i) =>
            (data[3 * i] ?? 0) +
            (data[3 * i + 1] ?? 0) * 2 ** 8 +
            (data[3 * i + 2] ?? 0) * 2 ** 16 +
            0xff * 2 ** 24,
        );
        expect([...readPixels({ data, width: count, height: 1 }).pixels]).toEqual(expected);
      }
  });

  it('takes a view into a larger buffer', () => {
    const whole = Uint8Array.of(7, 7, 7, 1, 2, 3, 255);
    expect(hex({ data: whole.subarray(3), width: 1, height: 1 })).toEqual(['ff030201']);
  });
});

describe('readPixels: refusals', () => {
  const none = new Uint8Array();
  for (const [what, source, message] of [
    ['0 x 0', { data: none, width: 0, height: 0 }, '0 x 0 pixels; an image must have loaded'],
    ['a closed bitmap', { width: 0, height: 0, close() {} }, 'a bitmap or video frame must not be closed'],
    ['an image that is loading', { naturalWidth: 0, naturalHeight: 0, width: 99, height: 9 }, '0 x 0 pixels'],
    ['a closed video frame', { displayWidth: 0, displayHeight: 0 }, '0 x 0 pixels'],
    ['20,000 x 20,000', { data: none, width: 20_000, height: 20_000 }, '20000 x 20000 pixels are too many'],
    ['20,000 x 20,000 to draw', { width: 20_000, height: 20_000 }, 'the limit is 33554432 pixels (32 Mpx)'],
    ['one line of a megapixel', { data: none, width: 1e6, height: 1 }, '65535 a side; scale it down first'],
    ['half a pixel', { data: none, width: 1.5, height: 1 }, 'its size is 1.5 x 1, expected whole'],
    ['NaN', { data: none, width: Number.NaN, height: 1 }, 'its size is NaN x 1'],
    ['negative sides', { data: none, width: -1, height: -4 }, 'its size is -1 x -4'],
    [
      'data that does not fit',
      { data: new Uint8Array(7), width: 2, height: 1 },
      '7 bytes do not fit 2 x 1 pixels, expected 8 (RGBA), 6 (RGB) or 2 (grey)',
    ],
    ['16 bits', { data: new Uint16Array(4), width: 1, height: 1 }, 'Uint16Array, expected Uint8Array or'],
    ['no data', { data: undefined, width: 1, height: 1 }, 'its data is Undefined'],
    ['a path', 'photo.png', 'got String, expected an ImageBitmap'],
    ['a file', new Blob(['x']), 'got Blob, expected an ImageBitmap'],
    ['null', null, 'got Null'],
    ['a canvas without a canvas', { width: 2, height: 2 }, 'gives no 2d canvas of 2 x 2'],
  ] as const)
    it(what, () => {
      expect(() => readPixels(untyped(source))).toThrow(PictureError);
      expect(() => readPixels(untyped(source))).toThrow(message);
    });
});
