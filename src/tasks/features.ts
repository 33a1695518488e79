import { DeviceLostError } from '../errors.ts';
import type { Stages } from './stages.ts';

/** Stands for a session without keeping it alive. */
export type FeatureKey = object;

/**
 * Whose features lie in the buffers that the stages read. A model encodes into one set of buffers; when another
 * picture comes, the features of the one before are copied aside, if its session still lives.
 */
export class FeatureShelf {
  readonly #stages: Stages;
  readonly #names: readonly string[];
  readonly #saved = new Map<FeatureKey, readonly GPUBuffer[]>();
  /** A set of buffers whose session ended: the next picture's. One is enough for any number of pictures in turn. */
  #free: readonly GPUBuffer[] | undefined;
  #owner: FeatureKey | undefined;
  /** Whether the prompt predictor has run on the current features. */
  prompted = false;
  /** Whether the image terms of the current features are there. */
  projected = false;

  /** @param names of the maps that the encoder leaves for the later stages */
  constructor(stages: Stages, names: readonly string[]) {
    this.#stages = stages;
    this.#names = names;
  }

  /** The features just encoded are this session's. */
  own(session: FeatureKey): void {
    this.#owner = session;
  }

  /** Names of the buffers that hold somebody's features now. */
  get inUse(): readonly string[] {
    return this.#owner ? this.#names : [];
  }

  /** Sets the current features aside; afterwards they are nobody's. Where that fails, nothing has changed. */
  async stash(): Promise<void> {
    const owner = this.#owner;
    if (owner) {
      const current = this.#current();
      const kept = this.#free;
      this.#free = undefined;
      const aside = kept ?? (await this.#make(current));
      // The session may have ended while the device was asked.
      if (this.#owner === owner) {
        this.#copy(current, aside);
        this.#saved.set(owner, aside);
      } else this.#release(aside);
    }
    this.#owner = undefined;
    this.forgetDerived();
  }

  /** What stages made of the current features is gone, or is another's. */
  forgetDerived(): void {
    this.prompted = false;
    this.projected = false;
  }

  /** Makes this session's features the current ones. */
  async restore(session: FeatureKey): Promise<void> {
    if (this.#owner === session) return;
    await this.stash();
    const saved = this.#saved.get(session);
    const current = this.#current(saved);
    // A refused command may have taken the current buffers along: new ones must be sound before this is the only copy.
    await this.#stages.gpu.settle();
    if (!saved || this.#saved.get(session) !== saved)
      throw new DeviceLostError('this picture was disposed; call setImage again');
    this.#copy(saved, current);
    this.#saved.delete(session);
    this.#release(saved);
    this.#owner = session;
  }

  forget(session: FeatureKey): void {
    if (this.#owner === session) this.#owner = undefined;
    const saved = this.#saved.get(session);
    this.#saved.delete(session);
    if (saved) this.#release(saved);
  }

  /** Bytes of all features that are set aside, and of what is kept for the next. */
  get bytes(): number {
    return this.#sets.flat().reduce((sum, { size }) => sum + size, 0);
  }

  dispose(): void {
    for (const buffer of this.#sets.flat()) buffer.destroy();
    this.#saved.clear();
    this.#free = undefined;
  }

  get #sets(): readonly (readonly GPUBuffer[])[] {
    return [...this.#saved.values(), this.#free ?? []];
  }

  #release(buffers: readonly GPUBuffer[]): void {
    if (this.#free) for (const buffer of buffers) buffer.destroy();
    else this.#free = buffers;
  }

  /** The buffers that the stages read, at least as long as those of `like`. */
  #current(like: readonly GPUBuffer[] = []): GPUBuffer[] {
    return this.#names.map((name, i) => this.#stages.buffer(name, like[i]?.size ?? 0));
  }

  async #make(like: readonly GPUBuffer[]): Promise<readonly GPUBuffer[]> {
    const { gpu } = this.#stages;
    const made: GPUBuffer[] = [];
    try {
      for (const [i, { size }] of like.entries())
        made.push(gpu.createStorage(`${this.#names[i]} set aside`, size));
      await gpu.settle();
      return made;
    } catch (error) {
      for (const buffer of made) buffer.destroy();
      throw error;
    }
  }

  #copy(from: readonly GPUBuffer[], to: readonly GPUBuffer[]): void {
    const { gpu } = this.#stages;
    gpu.copy(from.flatMap((source, i) => (to[i] ? [[source, to[i]] as const] : [])));
  }
}
