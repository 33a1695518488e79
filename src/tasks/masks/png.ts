import { MAX_PIXELS, MAX_SIDE } from '../../web/picture.ts';
import { DatasetError } from './error.ts';

/** A PNG's samples as they are stored: no gamma, no palette applied, no scaling of 1 or 16 bits to 8. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  readonly kind: 'grey' | 'palette' | 'colour';
  /** 1 to 4: grey or index, grey and alpha, RGB, RGBA. */
  readonly channels: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly bits: number;
  /** height * width * channels. */
  readonly samples: Uint16Array;
  /** Red, green, blue of each index; empty without a palette. */
  readonly palette: readonly (readonly [number, number, number])[];
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Samples a pixel, kind and bits a sample that the specification allows (table 11.1), by the header's colour type. */
const TYPES: Readonly<
  Record<number, { kind: PngSamples['kind']; channels: number; depths: readonly number[] }>
> = {
  0: { kind: 'grey', channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { kind: 'colour', channels: 3, depths: [8, 16] },
  3: { kind: 'palette', channels: 1, depths: [1, 2, 4, 8] },
  4: { kind: 'grey', channels: 2, depths: [8, 16] },
  6: { kind: 'colour', channels: 4, depths: [8, 16] },
};

/**
 * Decodes a PNG for its numbers: picture codecs turn palettes into colours and 1-bit samples into 255, which is right
 * for pictures and wrong for class numbers.
 * @throws DatasetError that names the file, for anything but a whole, plain (not interlaced) PNG of a sensible size
 */
export async function decodePng(file: string, bytes: Uint8Array): Promise<PngSamples> {
  const damaged = (reason: string) => new DatasetError(`${file} is damaged (${reason}); get it again`);
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte))
    throw new DatasetError(`${file} is no PNG: masks must be PNGs, which keep class numbers as they are`);
  const chunks = readChunks(bytes, damaged);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (!header || header.length < 13) throw damaged('no header');
  const [width, height] = [viewOf(header).getUint32(0), viewOf(header).getUint32(4)];
  const [bits = 0, colour = 0, , , interlaced] = header.subarray(8);
  if (width === 0 || height === 0 || width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    throw new DatasetError(`${file} is ${width} x ${height} pixels, expected 1 to ${MAX_PIXELS}`);
  const type = TYPES[colour];
  if (!type?.depths.includes(bits)) throw damaged(`colour type ${colour} of ${bits} bits`);
  if (interlaced) throw new DatasetError(`${file} is an interlaced PNG; save it without interlacing`);
  const rowBytes = Math.ceil((width * type.channels * bits) / 8);
  const packed = new Blob(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const rows = await inflate(packed, height * (rowBytes + 1), damaged);
  unfilter(rows, rowBytes, Math.max(1, (type.channels * bits) / 8), damaged);
  const samples = unpack(rows, { count: width * type.channels, rowBytes, height, bits });
  const colours = chunks.find(({ type }) => type === 'PLTE')?.data ?? new Uint8Array();
  const palette = Array.from(
    { length: Math.floor(colours.length / 3) },
    (_, i) => [colours[i * 3] ?? 0, colours[i * 3 + 1] ?? 0, colours[i * 3 + 2] ?? 0] as const,
  );
  const { kind, channels } = type;
  return { width, height, kind, channels, bits, samples, palette };
}

type Damaged = (reason: string) => DatasetError;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function readChunks(bytes: Uint8Array, damaged: Damaged): { type: string; data: Uint8Array<ArrayBuffer> }[] {
  const chunks: { type: string; data: Uint8Array<ArrayBuffer> }[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = viewOf(bytes).getUint32(at);
    if (at + 12 + length > bytes.length) throw damaged('it is cut short');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.slice(at + 8, at + 8 + length) });
    if (type === 'IEND') return chunks;
    at += 12 + length;
  }
  throw damaged('it is cut short');
}

/** Stops where there is more than expected, so that a small file cannot fill the memory. */
async function inflate(packed: Blob, expected: number, damaged: Damaged): Promise<Uint8Array> {
  const rows = new Uint8Array(expected);
  let length = 0;
  try {
    const reader = packed.stream().pipeThrough(new DecompressionStream('deflate')).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (length + part.value.length <= expected) rows.set(part.value, length);
      length += part.value.length;
      if (length > expected) await reader.cancel();
    }
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  if (length !== expected) throw damaged('its data do not fit its size');
  return rows;
}

/** Undoes PNG's row filters in place (PNG specification, section 9). Each row begins with its filter's number. */
function unfilter(rows: Uint8Array, rowBytes: number, pixelBytes: number, damaged: Damaged): void {
  for (let row = 0; row * (rowBytes + 1) < rows.length; row++) {
    const start = row * (rowBytes + 1) + 1;
    const filter = rows[start - 1] ?? 0;
    if (filter > 4) throw damaged(`filter ${filter}`);
    for (let i = 0; i < rowBytes; i++) {
      const at = start + i;
      const left = i < pixelBytes ? 0 : (rows[at - pixelBytes] ?? 0);
      const up = row === 0 ? 0 : (rows[at - rowBytes - 1] ?? 0);
      const corner = i < pixelBytes || row === 0 ? 0 : (rows[at - rowBytes - 1 - pixelBytes] ?? 0);
      rows[at] = (rows[at] ?? 0) + guess(filter, left, up, corner);
    }
  }
}

function guess(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  return filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Samples of 1 to 16 bits, of rows that begin with a byte of their own and end at a whole byte. */
function unpack(
  rows: Uint8Array,
  layout: {
    readonly count: number;
    readonly rowBytes: number;
    readonly height: number;
    readonly bits: number;
  },
): Uint16Array {
  const { count, rowBytes, height, bits } = layout;
  const view = viewOf(rows);
  const samples = new Uint16Array(count * height);
  for (let row = 0; row < height; row++) {
    const start = row * (rowBytes + 1) + 1;
    for (let i = 0; i < count; i++) {
      const bit = i * bits;
      const at = start + (bit >> 3);
      samples[row * count + i] =
        bits === 16 ? view.getUint16(at) : ((rows[at] ?? 0) >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    }
  }
  return samples;
}
