import { crc32 } from '../../src/weights/crc32.ts';
import { u16, u32, u64, utf8 } from './byte-lists.ts';

export interface ZipOptions {
  /** Sizes and offsets of the directory in 64 bits: for archives of 4 GiB and more. */
  readonly zip64?: boolean;
  /** Contents start at multiples of this, as torch's do at 64, by zeros in the local header's extra field. */
  readonly align?: number;
}

/** Length of an extra field's own head, and torch's mark on it: "FB". */
const EXTRA_HEAD = 4;
const PADDING = 0x4246;

/** A zip of stored files, front to back: what `add` and `end` return, one after the other, is the archive. */
export class ZipWriter {
  readonly #options: ZipOptions;
  readonly #central: number[] = [];
  #at = 0;
  #count = 0;

  constructor(options: ZipOptions = {}) {
    this.#options = options;
  }

  /** @returns the local header, then `bytes` themselves */
  add(path: string, bytes: Uint8Array): [Uint8Array, Uint8Array] {
    const { zip64 = false } = this.#options;
    const name = utf8(path);
    const common = [...u16(20), ...u16(0), ...u16(0), ...u32(0), ...u32(crc32(bytes))];
    const extra = this.#padding(30 + name.length);
    const sizes = [...u32(bytes.length), ...u32(bytes.length)];
    const lengths = [...u16(name.length), ...u16(extra.length)];
    const head = [...u32(0x04034b50), ...common, ...sizes, ...lengths, ...name, ...extra];

    const wide = zip64
      ? [...u16(1), ...u16(24), ...u64(bytes.length), ...u64(bytes.length), ...u64(this.#at)]
      : [];
    const field = (value: number) => u32(zip64 ? 0xffffffff : value);
    this.#central.push(...u32(0x02014b50), ...u16(20), ...common);
    this.#central.push(...field(bytes.length), ...field(bytes.length));
    this.#central.push(...u16(name.length), ...u16(wide.length), ...u16(0), ...u16(0), ...u16(0), ...u32(0));
    this.#central.push(...field(this.#at), ...name, ...wide);
    this.#at += head.length + bytes.length;
    this.#count += 1;
    return [Uint8Array.from(head), bytes];
  }

  /** @returns the directory and the end record */
  end(): Uint8Array<ArrayBuffer> {
    const { zip64 = false } = this.#options;
    const [start, count, size] = [this.#at, this.#count, this.#central.length];
    const out = [...this.#central];
    if (zip64) {
      out.push(...u32(0x06064b50), ...u64(44), ...u16(45), ...u16(45), ...u32(0), ...u32(0));
      out.push(...u64(count), ...u64(count), ...u64(size), ...u64(start));
      out.push(...u32(0x07064b50), ...u32(0), ...u64(start + size), ...u32(1));
    }
    const field = (bytes: number[]) => (zip64 ? bytes.map(() => 255) : bytes);
    out.push(...u32(0x06054b50), ...u32(0), ...field(u16(count)), ...field(u16(count)));
    out.push(...field(u32(size)), ...field(u32(start)), ...u16(0));
    return Uint8Array.from(out);
  }

  /** An extra field that moves the contents, `head` bytes from here without it, to a multiple of `align`. */
  #padding(head: number): number[] {
    const { align = 1 } = this.#options;
    const end = this.#at + head;
    if (align === 1 || end % align === 0) return [];
    const zeros = (align - ((end + EXTRA_HEAD) % align)) % align;
    return [...u16(PADDING), ...u16(zeros), ...new Array<number>(zeros).fill(0)];
  }
}
