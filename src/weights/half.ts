/** 16-bit floats, both kinds, as pure bit operations: Float16Array is not everywhere yet. */

const word = new DataView(new ArrayBuffer(4));

/**
 * Rounds an f32 to f16 bits, to nearest, ties to even, as hardware does.
 * @returns bits 0..0xffff; a finite value of 65520 or more in magnitude gives an infinity (0x7c00 | sign),
 * which the caller must refuse where it is not wanted. NaN gives the quiet NaN 0x7e00 | sign.
 */
export function f16FromF32(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 2^16 and more: also catches infinity. Values in [65520, 65536) overflow by the carry below.
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent by 112, drop 13 bits; a carry out of the mantissa bumps the exponent rightly.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  // Subnormal: the unit is 2^-24, and scaling by a power of two is exact in f64.
  return sign | roundHalfToEven(Math.abs(Math.fround(value)) * 2 ** 24);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
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
