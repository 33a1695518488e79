import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { randomStream } from '../../src/evaluation.ts';
import { decodePng } from '../../src/tasks/masks/png.ts';
import { packageRoot } from '../../weights-tools/node/package.ts';
import { makePng } from '../cli/png.ts';
import { encoded, levels, palettePng } from './files.ts';

test('the samples of the phantoms’ masks and pictures are those that sharp reads', async () => {
  for (const part of ['gts', 'imgs']) {
    const folder = join(packageRoot(), 'phantoms/hip/Train', part);
    for (const name of readdirSync(folder).slice(0, 4)) {
      const bytes = readFileSync(join(folder, name));
      const { data, info } = await sharp(bytes)
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true });
      const png = await decodePng(name, bytes);
      expect(png).toMatchObject({
        width: info.width,
        height: info.height,
        kind: 'grey',
        channels: 1,
        bits: 8,
      });
      expect(Buffer.compare(Buffer.from(png.samples), data), name).toBe(0);
    }
  }
});

test('all row filters are undone: 40 pictures of any width, grey and in colours', async () => {
  const random = randomStream(4);
  const filters = new Set<number>();
  for (let round = 0; round < 40; round++) {
    const [width, height] = [1 + Math.floor(random() * 40), 1 + Math.floor(random() * 40)];
    // Ramps with a little noise, for which encoders choose different filters.
    const of = (channels: number) =>
      Uint8Array.from(
        { length: width * height * channels },
        (_, i) => ((i * (round + 1)) >> 2) + random() * 9,
      );
    const pixels = of(1);
    const bytes = await encoded(pixels, width, height);
    expect([...(await decodePng('grey', bytes)).samples]).toEqual([...pixels]);
    const rgb = of(3);
    const raw = { width, height, channels: 3 } as const;
    const png = await sharp(rgb, { raw }).png({ adaptiveFiltering: true, palette: false }).toBuffer();
    const colours = await decodePng('rgb', png);
    expect([...colours.samples]).toEqual([...rgb]);
    filters.add(colours.channels);
  }
  expect([...filters]).toEqual([3]);
});

test('1 and 16 bits are taken as they are stored, palettes as indices', async () => {
  const one = await decodePng(
    'a',
    makePng({ width: 10, height: 2, bits: 1 }, [0, 0b10110000, 0b01000000, 0, 0, 0]),
  );
  expect([...one.samples.subarray(0, 10)]).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 0, 1]);
  const deep = await decodePng('a', makePng({ width: 2, height: 1, bits: 16 }, [0, 0, 2, 1, 0]));
  expect([...deep.samples]).toEqual([2, 256]);
  const palette = [
    [0, 0, 0],
    [128, 0, 0],
    [0, 128, 0],
  ];
  expect(await decodePng('a', palettePng(palette, 2, 0, 1))).toMatchObject({
    kind: 'palette',
    samples: Uint16Array.from([2, 0, 1]),
    palette,
  });
});

test('pairs of depth and colour type that no PNG has are refused, not read some way', async () => {
  const pairs = [
    ...[1, 2, 4].flatMap((bits) => [2, 4, 6].map((colour) => [bits, colour] as const)),
    ...([
      [16, 3],
      [3, 0],
      [8, 1],
      [8, 5],
      [0, 0],
    ] as const),
  ];
  for (const [bits, colour] of pairs) {
    const png = Buffer.from(levels(0, 1, 2, 1));
    png.set([bits, colour], 24);
    await expect(decodePng('m.png', png)).rejects.toThrow(
      `m.png is damaged (colour type ${colour} of ${bits} bits); get it again`,
    );
  }
});

test('what is no whole PNG is refused with a reason, whatever byte is wrong', async () => {
  const good = levels(0, 1, 2, 1);
  await expect(decodePng('m.png', Buffer.from('GIF89a..'))).rejects.toThrow(/m\.png is no PNG/);
  await expect(decodePng('m.png', good.subarray(0, -20))).rejects.toThrow(
    /m\.png is damaged \(it is cut short\)/,
  );
  await expect(decodePng('m.png', makePng({ width: 9, height: 9 }, [0, 1]))).rejects.toThrow(
    /do not fit its size/,
  );
  await expect(decodePng('m.png', makePng({ width: 1, height: 1 }, [7, 1]))).rejects.toThrow(/filter 7/);
  await expect(decodePng('m.png', makePng({ width: 60000, height: 60000 }, [0, 1]))).rejects.toThrow(
    /60000 x 60000/,
  );
  const interlaced = Buffer.from(good);
  interlaced.writeUInt8(1, 28);
  await expect(decodePng('m.png', interlaced)).rejects.toThrow(/interlaced/);
  for (let at = 0; at < good.length; at++)
    for (const value of [0, 255, (good[at] ?? 0) ^ 1]) {
      const bad = Buffer.from(good);
      bad[at] = value;
      try {
        await decodePng('m.png', bad);
      } catch (error) {
        expect(error).toMatchObject({ name: 'DatasetError', message: expect.stringMatching(/^m\.png /) });
      }
    }
});
