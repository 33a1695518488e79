import { CheckpointError } from '../errors.ts';
import { type NamedBlob, readRange } from './blob.ts';
import { crc32 } from './crc32.ts';

/** One stored file of a zip. Offsets and sizes are bytes, checked against the archive's bounds. */
export interface ZipEntry {
  readonly name: string;
  /** The name as the directory has it, which need not be UTF-8. */
  readonly nameBytes: Uint8Array;
  /** Where its local header lies; the values follow that. */
  readonly header: number;
  /** Where its values end at the latest: the directory starts there. */
  readonly limit: number;
  readonly bytes: number;
  readonly crc: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_DIRECTORY_BYTES = 64 << 20;
const MAX_ENTRIES = 200_000;
/** CRCs are checked over runs of this size, so that a large storage never lies in memory for it. */
const RUN_BYTES = 8 << 20;

const damaged = (file: string, what: string) =>
  new CheckpointError(`${file}: ${what}. The zip is damaged or truncated; download it again.`);

/** A DataView whose u64 is a number, refused where a double would round it. */
class Fields {
  readonly view: DataView;
  readonly file: string;
  constructor(bytes: Uint8Array, file: string) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.file = file;
  }
  u16(at: number): number {
    return this.view.getUint16(at, true);
  }
  u32(at: number): number {
    return this.view.getUint32(at, true);
  }
  u64(at: number): number {
    const value = Number(this.view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value))
      throw damaged(this.file, `the directory has a 64-bit value of ${value}`);
    return value;
  }
}

interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly entries: number;
}

async function findDirectory(file: NamedBlob, signal?: AbortSignal): Promise<Directory> {
  const { size } = file.blob;
  // The end record is 22 bytes and a comment of up to 65,535; the zip64 locator (20) stands before it.
  const tailStart = Math.max(0, size - 22 - 65_535 - 20);
  const tail = new Fields(await readRange(file, tailStart, size, signal), file.name);
  let at = tail.view.byteLength - 22;
  // The comment's length must reach the end exactly, or any four bytes of a tensor could pose as a record.
  while (at >= 0 && !(tail.u32(at) === END && at + 22 + tail.u16(at + 20) === tail.view.byteLength)) at--;
  if (at < 0) throw damaged(file.name, 'the end of the zip directory is missing');
  const end = { entries: tail.u16(at + 10), bytes: tail.u32(at + 12), start: tail.u32(at + 16) };
  let bound = tailStart + at;
  if (at >= 20 && tail.u32(at - 20) === LOCATOR64) {
    bound = tail.u64(at - 12);
    const record = new Fields(await readRange(file, bound, bound + 56, signal), file.name);
    if (record.u32(0) !== END64) throw damaged(file.name, `no zip64 record at byte ${bound}`);
    Object.assign(end, { entries: record.u64(32), bytes: record.u64(40), start: record.u64(48) });
  }
  if (end.start + end.bytes > bound) {
    throw damaged(
      file.name,
      `the directory at ${end.start} of ${end.bytes} bytes runs past its end at ${bound}`,
    );
  }
  if (end.bytes > MAX_DIRECTORY_BYTES || end.entries > MAX_ENTRIES) {
    throw damaged(
      file.name,
      `the directory lists ${end.entries} files in ${end.bytes} bytes, more than we read`,
    );
  }
  return end;
}

/** Sizes and offset of a central record, through its zip64 extra field where they are 0xffffffff. */
function sizes(fields: Fields, at: number, extraAt: number, extraEnd: number) {
  const values = [fields.u32(at + 24), fields.u32(at + 20), fields.u32(at + 42)];
  for (let x = extraAt; x + 4 <= extraEnd; x += 4 + fields.u16(x + 2)) {
    if (fields.u16(x) !== 1) continue;
    const stop = Math.min(x + 4 + fields.u16(x + 2), extraEnd);
    let next = x + 4;
    for (const [i, value] of values.entries()) {
      if (value !== 0xffffffff) continue;
      if (next + 8 > stop) throw damaged(fields.file, 'a zip64 entry lacks its size');
      values[i] = fields.u64(next);
      next += 8;
    }
  }
  const [bytes = 0, packed = 0, header = 0] = values;
  return { bytes, packed, header };
}

/**
 * The files of a zip, by name, without their contents.
 * @throws CheckpointError for a damaged directory, an entry outside the file, a name used twice, entries
 * that are compressed (torch.save stores) or encrypted
 */
export async function openZip(file: NamedBlob, signal?: AbortSignal): Promise<Map<string, ZipEntry>> {
  const directory = await findDirectory(file, signal);
  const bytes = await readRange(file, directory.start, directory.start + directory.bytes, signal);
  const fields = new Fields(bytes, file.name);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.entries; i++) {
    if (at + 46 > bytes.byteLength || fields.u32(at) !== CENTRAL) {
      throw damaged(file.name, `file ${i + 1} of ${directory.entries} is missing from the directory`);
    }
    const nameEnd = at + 46 + fields.u16(at + 28);
    const extraEnd = nameEnd + fields.u16(at + 30);
    const next = extraEnd + fields.u16(at + 32);
    if (next > bytes.byteLength) throw damaged(file.name, 'a directory record runs past the directory');
    const nameBytes = bytes.subarray(at + 46, nameEnd);
    const name = decoder.decode(nameBytes);
    const size = sizes(fields, at, nameEnd, extraEnd);
    if (fields.u16(at + 10) !== 0 || fields.u16(at + 8) & 1 || size.packed !== size.bytes) {
      throw new CheckpointError(
        `${file.name}: "${name}" is compressed or encrypted in the zip (method ${fields.u16(at + 10)}, ${size.packed} bytes for ${size.bytes}). torch.save stores files as they are; save the checkpoint again with it.`,
      );
    }
    if (size.header + 30 + size.bytes > directory.start) {
      throw damaged(
        file.name,
        `"${name}" (${size.bytes} bytes at ${size.header}) does not fit before the directory`,
      );
    }
    if (entries.has(name)) throw damaged(file.name, `"${name}" is listed twice`);
    const crc = fields.u32(at + 16);
    entries.set(name, {
      name,
      nameBytes,
      header: size.header,
      limit: directory.start,
      bytes: size.bytes,
      crc,
    });
    at = next;
  }
  return entries;
}

/** Where the contents of `entry` start: its local header has lengths of its own, and must agree on the name. */
async function contentStart(file: NamedBlob, entry: ZipEntry, signal?: AbortSignal): Promise<number> {
  const { name, nameBytes, header, bytes } = entry;
  const head = await readRange(file, header, header + 30 + nameBytes.byteLength, signal);
  const fields = new Fields(head, file.name);
  const start = header + 30 + fields.u16(26) + fields.u16(28);
  const isNamed =
    fields.u16(26) === nameBytes.byteLength && nameBytes.every((byte, i) => byte === head[30 + i]);
  if (fields.u32(0) !== LOCAL || !isNamed || fields.u16(8) !== 0) {
    throw damaged(file.name, `"${name}" has no proper header of that name at byte ${header}`);
  }
  if (start + bytes > entry.limit) throw damaged(file.name, `"${name}" runs into the directory`);
  return start;
}

/** Reads parts of a stored file; the first read checks the CRC of the whole. */
export class ZipReader {
  readonly file: NamedBlob;
  readonly entry: ZipEntry;
  #start: number | undefined;

  constructor(file: NamedBlob, entry: ZipEntry) {
    this.file = file;
    this.entry = entry;
  }

  /**
   * Bytes `from` to `to` of the contents.
   * @throws CheckpointError when the contents do not have the CRC that the directory gives
   */
  async read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { file, entry } = this;
    const isWhole = from === 0 && to === entry.bytes;
    if (this.#start !== undefined) return readRange(file, this.#start + from, this.#start + to, signal);
    const start = await contentStart(file, entry, signal);
    if (isWhole) {
      const bytes = await readRange(file, start, start + entry.bytes, signal);
      this.#check(crc32(bytes));
      this.#start = start;
      return bytes;
    }
    let crc = 0;
    for (let at = 0; at < entry.bytes; at += RUN_BYTES) {
      const end = Math.min(at + RUN_BYTES, entry.bytes);
      crc = crc32(await readRange(file, start + at, start + end, signal), crc);
    }
    this.#check(crc);
    this.#start = start;
    return readRange(file, start + from, start + to, signal);
  }

  #check(crc: number): void {
    // Writers that stream may leave 0 in place of a CRC they did not compute.
    if (crc !== this.entry.crc && this.entry.crc !== 0) {
      throw damaged(
        this.file.name,
        `"${this.entry.name}" has CRC ${crc.toString(16)}, expected ${this.entry.crc.toString(16)}`,
      );
    }
  }
}
