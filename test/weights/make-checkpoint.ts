/** Writes small torch files by hand: pickles opcode by opcode, stored zips. For what torch.save would not write. */
import { crc32 } from '../../src/weights/crc32.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const u16 = (value: number) => [value & 255, (value >>> 8) & 255];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value: number) => [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];

/** Opcodes as byte lists; a pickle is `pickle(...ops)`. */
export const str = (text: string) => [0x58, ...u32(utf8(text).length), ...utf8(text)];
export const int = (value: number) => [0x4a, ...u32(value >>> 0)];
export const name = (module: string, global: string) => [0x63, ...utf8(`${module}\n${global}\n`)];
export const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74];
export const list = (...items: number[][]) => [0x5d, 0x28, ...items.flat(), 0x65];
export const call = (callee: number[], ...args: number[][]) => [...callee, ...tuple(...args), 0x52];
export const dict = (entries: Record<string, number[]>) => [
  0x7d,
  0x28,
  ...Object.entries(entries).flatMap(([key, value]) => [...str(key), ...value]),
  0x75,
];
export const pickle = (...ops: number[][]) => Uint8Array.from([0x80, 2, ...ops.flat(), 0x2e]);

/** A contiguous tensor of floats over the storage `key`. */
export function tensor(
  key: string,
  shape: number[],
  strides: number[],
  elements: number,
  offset = 0,
): number[] {
  const storage = tuple(str('storage'), name('torch', 'FloatStorage'), str(key), str('cpu'), int(elements));
  return call(
    name('torch._utils', '_rebuild_tensor_v2'),
    [...storage, 0x51],
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    [0x89],
    call(name('collections', 'OrderedDict')),
  );
}

/** A zip of stored files; `zip64` writes every size and offset in 64 bits. */
export function makeZip(
  files: Record<string, Uint8Array>,
  options: { zip64?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const central: number[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const at = out.length;
    const crc = crc32(bytes);
    const common = [...u16(20), ...u16(0), ...u16(0), ...u32(0), ...u32(crc)];
    const wide = options.zip64
      ? [...u16(1), ...u16(24), ...u64(bytes.length), ...u64(bytes.length), ...u64(at)]
      : [];
    const size = (value: number) => u32(options.zip64 ? 0xffffffff : value);
    out.push(...u32(0x04034b50), ...common, ...u32(bytes.length), ...u32(bytes.length));
    out.push(...u16(utf8(path).length), ...u16(0), ...utf8(path));
    for (const byte of bytes) out.push(byte);
    central.push(...u32(0x02014b50), ...u16(20), ...common, ...size(bytes.length), ...size(bytes.length));
    central.push(...u16(utf8(path).length), ...u16(wide.length), ...u16(0), ...u16(0), ...u16(0), ...u32(0));
    central.push(...size(at), ...utf8(path), ...wide);
  }
  const start = out.length;
  const count = Object.keys(files).length;
  out.push(...central);
  if (options.zip64) {
    const record = out.length;
    out.push(...u32(0x06064b50), ...u64(44), ...u16(45), ...u16(45), ...u32(0), ...u32(0));
    out.push(...u64(count), ...u64(count), ...u64(central.length), ...u64(start));
    out.push(...u32(0x07064b50), ...u32(0), ...u64(record), ...u32(1));
  }
  const end = (value: number, bytes: number[]) =>
    options.zip64 ? bytes.map(() => 255) : bytes.slice(0, value);
  out.push(...u32(0x06054b50), ...u32(0), ...end(2, u16(count)), ...end(2, u16(count)));
  out.push(...end(4, u32(central.length)), ...end(4, u32(start)), ...u16(0));
  return Uint8Array.from(out);
}

/** A torch zip of one pickle and its storages. */
export function makeTorchZip(
  data: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  options: { zip64?: boolean } = {},
): Blob {
  const files: Record<string, Uint8Array> = { 'archive/data.pkl': data, 'archive/version': utf8('3\n') };
  for (const [key, bytes] of Object.entries(storages)) files[`archive/data/${key}`] = bytes;
  return new Blob([makeZip(files, options)]);
}

export const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
