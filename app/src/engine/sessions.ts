import type { ImageSession, MaskResult } from '../../../src/index.ts';

/** A picture on the GPU and the class masks that were last computed for it. */
export interface OpenPicture {
  readonly session: ImageSession;
  /** By class number; `key` says from what they were computed. */
  readonly masks: Map<number, { readonly key: string; readonly results: readonly MaskResult[] }>;
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

  add(picture: string, session: ImageSession): void {
    this.forget(picture);
    this.#open.set(picture, { session, masks: new Map() });
    for (const [oldest] of this.#open) {
      if (this.#open.size <= KEPT) break;
      this.forget(oldest);
    }
  }

  forget(picture: string): void {
    this.#open.get(picture)?.session.dispose();
    this.#open.delete(picture);
  }

  clear(): void {
    for (const picture of [...this.#open.keys()]) this.forget(picture);
  }
}
