import { expect, test } from 'vitest';
import { crc32 } from '../../src/weights/crc32.ts';
import { decodeF32 } from '../../src/weights/dtypes.ts';
import { f16FromBits, f32FromF16 } from '../../src/weights/half.ts';
import { mix } from './generated-weights.ts';

const word = new DataView(new ArrayBuffer(4));
const bitsOf = (value: number) => {
  word.setFloat32(0, value);
  return word.getUint32(0);
};
const encode = (value: number) => f16FromBits(bitsOf(value));

test('every f16 comes back from its value', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = f32FromF16(bits);
    if (Number.isNaN(value)) expect(encode(value) & 0x7fff).toBe(0x7e00);
    else if (encode(value) !== bits) throw new Error(`${bits} became ${encode(value)}`);
  }
});

test('between two neighbours the nearer wins, and at the middle the even one', () => {
  for (let low = 0; low < 0x7bff; low++) {
    const [a, b] = [f32FromF16(low), f32FromF16(low + 1)];
    const middle = (a + b) / 2; // exact in f32: one bit more than f16
    const [below, above] = [bitsOf(middle) - 1, bitsOf(middle) + 1];
    const even = low % 2 === 0 ? low : low + 1;
    const got = [
      f16FromBits(below),
      encode(middle),
      f16FromBits(above),
      f16FromBits((above | 0x80000000) >>> 0),
    ];
    if (got.join() !== [low, even, low + 1, (low + 1) | 0x8000].join()) throw new Error(`at ${low}: ${got}`);
  }
});

test('overflow, infinity, NaN and vanishing values', () => {
  expect([65504, 65519.996, 65520, 1e9, Number.POSITIVE_INFINITY].map(encode)).toEqual([
    0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00,
  ]);
  expect([2 ** -25, -(2 ** -25), 2 ** -25 * 1.0001, 1e-30, -0].map(encode)).toEqual([
    0, 0x8000, 1, 0, 0x8000,
  ]);
  expect(encode(Number.NaN)).toBe(0x7e00);
});

test('BF16 and F64 decode to the nearest f32', () => {
  expect([...decodeF32(Uint8Array.of(0x80, 0x3f, 0x49, 0xc0), 'BF16', 'x')]).toEqual([1, -3.140625]);
  expect([...decodeF32(new Uint8Array(Float64Array.of(0.1, -2).buffer), 'F64', 'x')]).toEqual([
    Math.fround(0.1),
    -2,
  ]);
  expect(() => decodeF32(new Uint8Array(8), 'I64', 'a.pt: tensor "n"')).toThrow(
    /a\.pt: tensor "n" has type I64/,
  );
});

test('the CRC is that of zip, whole or in parts', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => mix(1, i));
  for (const cut of [0, 1, 7, 8, 9, 500, 999, 1000]) {
    expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
  }
});
