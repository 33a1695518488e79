import type { Model } from '../src/index.ts';

/** A model that is loaded for the first picture that can be decoded: a wrong path is reported at once. */
export class LazyModel implements Disposable {
  readonly #open: () => Promise<GPUDevice>;
  readonly #load: (device: GPUDevice) => Promise<Model>;
  #device: GPUDevice | undefined;
  #model: Model | undefined;
  readonly #warnings: readonly string[];
  /** Milliseconds that loading took. */
  loadMs = 0;

  /** @param warnings of its file, which are known before */
  constructor(
    open: () => Promise<GPUDevice>,
    load: (device: GPUDevice) => Promise<Model>,
    warnings: readonly string[] = [],
  ) {
    this.#open = open;
    this.#load = load;
    this.#warnings = warnings;
  }

  /** Of the file, and once it is loaded of the device. */
  get warnings(): readonly string[] {
    return this.#model?.warnings ?? this.#warnings;
  }

  async get(): Promise<Model> {
    if (this.#model) return this.#model;
    const start = performance.now();
    this.#device = await this.#open();
    this.#model = await this.#load(this.#device);
    this.loadMs = performance.now() - start;
    return this.#model;
  }

  [Symbol.dispose](): void {
    this.#model?.dispose();
    this.#device?.destroy();
  }
}
