import type { ImageSession, MaskResult } from '../../../src/index.ts';

/** A picture on the GPU and the class masks that were last computed for it. */
export interface OpenPicture {
  readonly session: ImageSession;
  readonly encodeMilliseconds: number;
  /** By class number. */
  readonly masks: Map<number, StoredMasks>;
}

export interface StoredMasks {
  /** From what they were computed: the call of the engine. */
  readonly key: string;
  /** Of that call, whatever else it computed. */
  readonly milliseconds: number;
  readonly results: readonly MaskResult[];
}

/** Features of so many pictures stay on the GPU, so that going back to one costs nothing. */
const KEPT = 3;

/** The pictures that were opened last. */
export class Sessions {
  /** In the order of use, the oldest first. */
  readonly #open = new Map<string, OpenPicture>();

  /** Null where the picture has to be encoded (again). */
  use(picture: string): OpenPicture | null {
    const found = this.#open.get(picture);
    if (found === undefined) return null;
    this.#open.delete(picture);
    this.#open.set(picture, found);
    return found;
  }

  add(picture: string, session: ImageSession, encodeMilliseconds: number): OpenPicture {
    this.forget(picture);
    const added: OpenPicture = { session, encodeMilliseconds, masks: new Map() };
    this.#open.set(picture, added);
    for (const [oldest] of this.#open) {
      if (this.#open.size <= KEPT) break;
      this.forget(oldest);
    }
    return added;
  }

  forget(picture: string): void {
    this.#open.get(picture)?.session.dispose();
    this.#open.delete(picture);
  }

  clear(): void {
    for (const picture of [...this.#open.keys()]) this.forget(picture);
  }
}
