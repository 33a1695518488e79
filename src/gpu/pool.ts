import type { Gpu } from './device.ts';

/** Activation buffers shared by the stages of a model, which never run at the same time. */
export class BufferPool {
  readonly #gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** A buffer for each size, no two the same; the smallest that fits is reused, the others are made. */
  take(sizes: readonly number[]): GPUBuffer[] {
    const free = [...this.#buffers].sort((a, b) => a.size - b.size);
    const order = sizes.map((_, i) => i).sort((a, b) => (sizes[b] as number) - (sizes[a] as number));
    const taken: GPUBuffer[] = [];
    for (const i of order) {
      const size = sizes[i] as number;
      const at = free.findIndex((buffer) => buffer.size >= size);
      const reused = at >= 0 ? free.splice(at, 1)[0] : undefined;
      const buffer = reused ?? this.#gpu.createStorage(`pool.${this.#buffers.length}`, size);
      if (!reused) this.#buffers.push(buffer);
      taken[i] = buffer;
    }
    return taken;
  }

  /** Bytes of all buffers made so far. */
  get bytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Bytes of the largest. */
  get largest(): number {
    return Math.max(0, ...this.#buffers.map(({ size }) => size));
  }

  dispose(): void {
    for (const buffer of this.#buffers.splice(0)) buffer.destroy();
  }
}
