import type { Gpu } from '../../src/gpu/device.ts';
import type { Dispatch } from '../../src/graph/graph.ts';
import { bytesOf, type Tensor } from '../../src/graph/tensor.ts';

/** Buffers that all dispatches of a lab share, by kind of value and size: what one wrote, none reads. */
export class Shelf {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** A buffer for each operand; the same tensor gets the same, and no buffer is bound twice otherwise. */
  place({ kernel, operands }: Dispatch): GPUBuffer[] {
    const placed = new Map<Tensor, GPUBuffer>();
    return operands.map((tensor, i) => {
      const buffer =
        placed.get(tensor) ?? this.#take(tensor, placed.size, kernel.bindings[i]?.writes ?? false);
      placed.set(tensor, buffer);
      return buffer;
    });
  }

  #take(tensor: Tensor, place: number, writes: boolean): GPUBuffer {
    // Sizes are rounded up, so that a model's hundreds of tensors are some dozens of buffers.
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(256, bytesOf(tensor))));
    const key = `${writes ? 'out' : tensor.dtype} ${bytes} ${place}`;
    let buffer = this.#buffers.get(key);
    if (!buffer) {
      buffer = this.#gpu.createStorage(`bench ${key}`, bytes);
      this.#gpu.write(buffer, valuesOf(writes ? 'f32' : tensor.dtype, bytes));
      this.#buffers.set(key, buffer);
    }
    return buffer;
  }
}

/** Values that no arithmetic is slow for: within +-1, never denormal, small where they count or point. */
function valuesOf(dtype: Tensor['dtype'], bytes: number): ArrayBufferView<ArrayBuffer> {
  const at = (i: number) => (i * 7919) % 1009;
  switch (dtype) {
    case 'f32':
      return Float32Array.from({ length: bytes / 4 }, (_, i) => at(i) / 504.5 - 1);
    case 'u32':
      return Uint32Array.from({ length: bytes / 4 }, (_, i) => at(i) & 1);
    case 'f16':
      // From 0.5 to 1 and their negatives.
      return Uint16Array.from({ length: bytes / 2 }, (_, i) => 0x3800 + at(i) + (i & 1) * 0x8000);
    case 'q8':
      return Int8Array.from({ length: bytes }, (_, i) => (at(i) % 255) - 127);
  }
}
