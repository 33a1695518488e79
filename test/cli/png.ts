/** PNGs that no encoder would write. */
import { deflateSync } from 'node:zlib';
import { crc32 } from '../../src/weights/crc32.ts';

const SIGNATURE = Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1');

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bits?: 1 | 8 | 16;
  /** 0 grey, 2 RGB, 4 grey with alpha, 6 RGBA. */
  readonly colour?: 0 | 2 | 4 | 6;
}

/** @param rows the filter byte 0 and the samples of each row; without them the file ends after its header */
export function makePng(
  { width, height, bits = 8, colour = 0 }: PngHeader,
  rows?: readonly number[],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colour], 8);
  const data = rows ? [chunk('IDAT', deflateSync(Uint8Array.from(rows)))] : [];
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), ...data, chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  bytes.set(body, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}
