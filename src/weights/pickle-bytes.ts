import { CheckpointError } from '../errors.ts';

/** Thrown when a pickle goes on past the bytes at hand; a reader with more of the file tries again with them. */
export class PickleEnds extends CheckpointError {
  override name = 'CheckpointError';
}

const MAX_LINE = 65_536;
const MAX_INTEGER_BYTES = 64;

/** Reads a pickle's operands in order. Every length is checked before anything is allocated. */
export class PickleBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** "file: data.pkl", for messages. */
  readonly where: string;
  at: number;

  constructor(bytes: Uint8Array, where: string, at = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.where = where;
    this.at = at;
  }

  error(what: string): CheckpointError {
    return new CheckpointError(
      `${this.where}: ${what} at byte ${this.at} of the pickle. The file is damaged or no torch checkpoint; download it again.`,
    );
  }

  /** Moves past `count` bytes and returns where they start. */
  #advance(count: number): number {
    const start = this.at;
    if (count > this.bytes.byteLength - start) {
      throw new PickleEnds(
        `${this.where}: the pickle ends at byte ${this.bytes.byteLength} in the middle of its data. The file is truncated; download it again.`,
      );
    }
    this.at += count;
    return start;
  }

  u8(): number {
    return this.view.getUint8(this.#advance(1));
  }
  u16(): number {
    return this.view.getUint16(this.#advance(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.#advance(4), true);
  }
  i32(): number {
    return this.view.getInt32(this.#advance(4), true);
  }
  /** A u64 length; those beyond a double's exact integers are longer than any file anyway. */
  u64(): number {
    return Number(this.view.getBigUint64(this.#advance(8), true));
  }
  f64(): number {
    return this.view.getFloat64(this.#advance(8), false);
  }

  take(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.bytes.subarray(start, start + count);
  }

  utf8(count: number): string {
    // Python may write lone surrogates; a replacement character is no reason to refuse the file.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(count));
  }

  latin1(count: number): string {
    // windows-1252 in truth; the two differ in characters that no key has.
    return new TextDecoder('latin1').decode(this.take(count));
  }

  /** The text up to the next newline, which is passed over. */
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0 || end - this.at > MAX_LINE) {
      if (end >= 0 || this.bytes.byteLength - this.at > MAX_LINE) throw this.error('a line has no end');
      this.#advance(this.bytes.byteLength - this.at + 1);
    }
    const text = this.utf8(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement integer of `count` bytes; a number where that is exact. */
  long(count: number): number | bigint {
    if (count > MAX_INTEGER_BYTES) throw this.error(`an integer of ${count} bytes`);
    let value = 0n;
    for (const [i, byte] of this.take(count).entries()) value |= BigInt(byte) << BigInt(8 * i);
    return narrow(BigInt.asIntN(8 * count, value));
  }

  /** A decimal integer on a line of its own, Python 2's with an L behind. */
  decimal(): number | bigint {
    const text = this.line().replace(/L?\r?$/, '');
    if (!/^[+-]?\d{1,150}$/.test(text)) throw this.error('a number that is none');
    return narrow(BigInt(text.replace('+', '')));
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
