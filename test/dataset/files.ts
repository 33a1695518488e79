/** Datasets of a few pixels, as good or as bad as a test wants them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { crc32 } from '../../src/weights/crc32.ts';
import { makePng } from '../cli/png.ts';
import { scratch } from '../cli/run.ts';

/** A grey PNG of rows of one-digit values. */
export const grey = (...rows: readonly string[]): Buffer =>
  makePng(
    { width: rows[0]?.length ?? 0, height: rows.length },
    rows.flatMap((row) => [0, ...[...row].map(Number)]),
  );

/** A grey PNG of any 8-bit values, in one row. */
export const levels = (...values: readonly number[]): Buffer =>
  makePng({ width: values.length, height: 1 }, [0, ...values]);

/** Writes files by their paths in a new folder, which it returns. */
export function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = scratch();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A palette PNG of one row of indices, 8 bits each. */
export function palettePng(colours: readonly (readonly number[])[], ...indices: readonly number[]): Buffer {
  const png = makePng({ width: indices.length, height: 1 });
  // Colour type 3 in the header, whose checksum nobody of us reads but sharp does.
  png.writeUInt8(3, 25);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  const end = png.subarray(png.length - 12);
  const plte = chunk('PLTE', Buffer.from(colours.flat()));
  const data = chunk('IDAT', deflateSync(Uint8Array.from([0, ...indices])));
  return Buffer.concat([png.subarray(0, png.length - 12), plte, data, end]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  bytes.set(body, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}

/** Grey samples as PNG's own encoders write them: filtered rows. */
export const encoded = (pixels: Uint8Array, width: number, height: number): Promise<Buffer> =>
  sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ adaptiveFiltering: true })
    .toBuffer();
