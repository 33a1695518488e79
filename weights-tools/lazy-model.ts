import type { Model } from '../src/index.ts';

/** Loaded for the first picture that can be decoded: a wrong path is reported at once. */
export class LazyModel implements Disposable {
  readonly #load: () => Promise<Model>;
  #model: Model | undefined;
  /** Milliseconds that loading took. */
  loadMs = 0;

  constructor(load: () => Promise<Model>) {
    this.#load = load;
  }

  async get(): Promise<Model> {
    const start = performance.now();
    if (this.#model) return this.#model;
    this.#model = await this.#load();
    this.loadMs = performance.now() - start;
    return this.#model;
  }

  [Symbol.dispose](): void {
    this.#model?.dispose();
  }
}
