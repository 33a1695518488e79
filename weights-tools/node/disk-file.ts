import { type FileHandle, open } from 'node:fs/promises';

/** What tells that a file is still the one that was opened. */
export interface FileState {
  readonly size: number;
  readonly mtimeMs: number;
}

/** Bytes of one piece of a stream. */
const PIECE = 1 << 19;

/**
 * A file on the disk, or a part of one, whose bytes are read when they are asked for. Not `fs.openAsBlob`: it takes sizes
 * modulo 2^32 (nodejs/node#52585), and some Nodes abort past 2 GiB. The file is open during a read alone, so that nothing
 * needs to be closed. What Node itself reads of a blob (a response's body, a clone) is empty: it asks none of these methods.
 */
export class DiskFile extends File {
  readonly #path: string;
  readonly #state: FileState;
  readonly #start: number;
  readonly #end: number;

  constructor(path: string, name: string, state: FileState, start = 0, end = state.size, type = '') {
    super([], name, { type });
    this.#path = path;
    this.#state = state;
    this.#start = start;
    this.#end = end;
  }

  override get size(): number {
    return this.#end - this.#start;
  }

  override slice(start = 0, end = this.size, type = ''): DiskFile {
    const within = (at: number) => Math.min(Math.max(at < 0 ? this.size + at : at, 0), this.size);
    const [from, to] = [within(start), within(end)];
    const [first, last] = [this.#start + from, this.#start + Math.max(from, to)];
    return new DiskFile(this.#path, this.name, this.#state, first, last, type);
  }

  /** @throws the system's error, or one that says that the file is no longer what was opened */
  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    const file = await open(this.#path);
    try {
      const { size, mtimeMs } = await file.stat();
      if (size !== this.#state.size || mtimeMs !== this.#state.mtimeMs)
        throw new Error('it has another size or date than when it was opened');
      await readAll(file, bytes, this.#start);
    } finally {
      await file.close();
    }
    return bytes.buffer;
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        const piece = this.slice(at, at + PIECE);
        if (piece.size === 0) return controller.close();
        controller.enqueue(await piece.bytes());
        at += piece.size;
      },
    });
  }
}

/** A read may give less than was asked for. */
async function readAll(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.byteLength - at, start + at);
    if (bytesRead === 0) throw new Error(`it ended at byte ${start + at}`);
    at += bytesRead;
  }
}
