/** Pickles opcode by opcode: each function gives the bytes of one value; a pickle is `pickle(...values)`. */
import { u32, utf8 } from './byte-lists.ts';

/** BINUNICODE */
export const str = (text: string) => [0x58, ...u32(utf8(text).length), ...utf8(text)];
/** BININT: 32 bits, signed */
export const int = (value: number) => [0x4a, ...u32(value >>> 0)];
/** GLOBAL: what Python would import */
export const name = (module: string, global: string) => [0x63, ...utf8(`${module}\n${global}\n`)];
export const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74];
export const list = (...items: number[][]) => [0x5d, 0x28, ...items.flat(), 0x65];
/** REDUCE: `callee(...args)` */
export const call = (callee: number[], ...args: number[][]) => [...callee, ...tuple(...args), 0x52];
export const dict = (entries: Readonly<Record<string, readonly number[]>>) => [
  0x7d,
  0x28,
  ...Object.entries(entries).flatMap(([key, value]) => [...str(key), ...value]),
  0x75,
];
/** Protocol 2, which torch.save writes. */
export const pickle = (...ops: number[][]) => Uint8Array.from([0x80, 2, ...ops.flat(), 0x2e]);

/**
 * A tensor over `elements` values of the storage `key`.
 * @param storage torch's class, by which the values' type is known
 */
export function tensor(
  key: string,
  shape: readonly number[],
  strides: readonly number[],
  elements: number,
  offset = 0,
  storage = 'FloatStorage',
): number[] {
  const where = tuple(str('storage'), name('torch', storage), str(key), str('cpu'), int(elements));
  return call(
    name('torch._utils', '_rebuild_tensor_v2'),
    [...where, 0x51],
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    [0x89],
    call(name('collections', 'OrderedDict')),
  );
}
