import type { Stages } from './stages.ts';

/** What the encoder leaves for the later stages, by the names under which they meet. */
const FEATURES = ['image_embedding', 'stride8', 'stride4'] as const;

/**
 * Whose features lie in the buffers that the stages read. A model encodes into one set of buffers; when another
 * picture comes, the features of the one before are copied aside, if its session still lives.
 */
export class FeatureShelf {
  readonly #stages: Stages;
  readonly #saved = new Map<object, readonly GPUBuffer[]>();
  /** Sets of buffers whose sessions ended: the next picture's. */
  readonly #free: (readonly GPUBuffer[])[] = [];
  #owner: object | undefined;
  /** Whether the prompt predictor has run on the current features. */
  prompted = false;

  constructor(stages: Stages) {
    this.#stages = stages;
  }

  /** The features just encoded are this session's. */
  own(session: object): void {
    this.#owner = session;
  }

  /** Sets the current features aside; afterwards they are nobody's. */
  stash(): void {
    const { gpu } = this.#stages;
    const owner = this.#owner;
    this.#owner = undefined;
    this.prompted = false;
    if (!owner) return;
    const current = this.#current();
    const aside =
      this.#free.pop() ??
      current.map((buffer, i) => gpu.createStorage(`${FEATURES[i]} set aside`, buffer.size));
    this.#copy(current, aside);
    this.#saved.set(owner, aside);
  }

  /** Makes this session's features the current ones. */
  restore(session: object): void {
    if (this.#owner === session) return;
    const saved = this.#saved.get(session);
    if (!saved) throw new Error('internal: the features of a live session are gone');
    this.stash();
    this.#copy(saved, this.#current());
    this.#saved.delete(session);
    this.#free.push(saved);
    this.#owner = session;
  }

  forget(session: object): void {
    if (this.#owner === session) this.#owner = undefined;
    const saved = this.#saved.get(session);
    this.#saved.delete(session);
    if (saved) this.#free.push(saved);
  }

  dispose(): void {
    for (const buffers of [...this.#saved.values(), ...this.#free])
      for (const buffer of buffers) buffer.destroy();
    this.#saved.clear();
    this.#free.length = 0;
  }

  #current(): GPUBuffer[] {
    return FEATURES.map((name) => this.#stages.buffer(name, 0));
  }

  #copy(from: readonly GPUBuffer[], to: readonly GPUBuffer[]): void {
    const { gpu } = this.#stages;
    gpu.copy(from.flatMap((source, i) => (to[i] ? [[source, to[i]] as const] : [])));
  }
}
