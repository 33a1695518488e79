/** 16-bit floats, both kinds, as pure bit operations: Float16Array is not everywhere yet. */

/**
 * Rounds an f32, given as its bits, to f16 bits: to nearest, ties to even, as hardware does.
 * @returns 0..0xffff; a finite value of 65520 or more in magnitude gives an infinity (0x7c00 | sign), which
 * the caller must refuse where it is not wanted. NaN gives the quiet NaN 0x7e00 | sign.
 */
export function f16FromBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 2^16 and more, also infinity. Values in [65520, 65536) overflow by the carry below.
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent by 112, drop 13 bits; a carry out of the mantissa bumps the exponent rightly.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  // Subnormal: the mantissa with its hidden bit, in units of 2^-24. Below 2^-25 nothing is left.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  return sign | ((mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift);
}

/**
 * f16 values, little-endian.
 * @param refuse makes the error for the value at an index that is not finite or past 65504
 */
export function f16Bytes(values: Float32Array, refuse: (at: number) => Error): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0; i < bits.length; i++) {
    const half = f16FromBits(bits[i] ?? 0);
    if ((half & 0x7c00) === 0x7c00) throw refuse(i);
    bytes[2 * i] = half;
    bytes[2 * i + 1] = half >>> 8;
  }
  return bytes;
}

/** The value of f16 bits; exact. */
export function f32FromF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** All 65,536 f16 values (256 KiB), made at first use: decoding by table is some ten times faster. */
let table: Float32Array | undefined;

export function f16Table(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => f32FromF16(bits));
  return table;
}
