import type { PickleBytes } from './pickle-bytes.ts';
import type { Value } from './pickle-values.ts';

/** The constant that the opcode `code` pushes, its operand read from `input`; undefined for other opcodes. */
export function readScalar(input: PickleBytes, code: number): Value | undefined {
  switch (code) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4b: // BININT1
      return input.u8();
    case 0x4d: // BININT2
      return input.u16();
    case 0x4a: // BININT
      return input.i32();
    case 0x8a: // LONG1
      return input.long(input.u8());
    case 0x8b: // LONG4
      return input.long(input.u32());
    case 0x49: // INT; "00" and "01" are protocol 0's booleans
    case 0x4c: // LONG
      return input.decimal();
    case 0x47: // BINFLOAT
      return input.f64();
    case 0x46: // FLOAT
      return Number(input.line());
    case 0x58: // BINUNICODE
      return input.utf8(input.u32());
    case 0x8c: // SHORT_BINUNICODE
      return input.utf8(input.u8());
    case 0x8d: // BINUNICODE8
      return input.utf8(input.u64());
    case 0x56: // UNICODE
      return input.line();
    case 0x55: // SHORT_BINSTRING
      return input.latin1(input.u8());
    case 0x54: // BINSTRING
      return input.latin1(input.u32());
    case 0x53: // STRING, in quotes
      return input.line().replace(/^(['"])(.*)\1\r?$/, '$2');
    case 0x42: // BINBYTES
      return input.take(input.u32());
    case 0x43: // SHORT_BINBYTES
      return input.take(input.u8());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return input.take(input.u64());
    default:
      return undefined;
  }
}
