import { generateRange, type WeightsEntry, type WeightsJson } from './generated-weights.ts';

/** A tensor's place in the file, in bytes behind the header. */
interface Placed {
  readonly key: string;
  readonly entry: WeightsEntry;
  readonly start: number;
  readonly end: number;
}

/**
 * A safetensors file of generated weights that is nowhere: each range is made when it is read, so that 2.5 GB of
 * ViT-H pass through `loadModel` without ever being in memory or on disk.
 */
export class GeneratedBlob extends Blob {
  readonly #weights: WeightsJson;
  readonly #head: Uint8Array<ArrayBuffer>;
  readonly #tensors: readonly Placed[];
  readonly #bytes: number;

  /** @param weights parsed `<name>.weights.json` or a table: the rule of each tensor */
  constructor(weights: WeightsJson) {
    super();
    this.#weights = weights;
    const header: Record<string, unknown> = {};
    const tensors: Placed[] = [];
    let at = 0;
    for (const [key, entry] of Object.entries(weights)) {
      const count = entry.shape.reduce((product, side) => product * side, 1);
      const end = at + count * (entry.dtype === 'int64' ? 8 : 4);
      const dtype = entry.dtype === 'int64' ? 'I64' : 'F32';
      header[key] = { dtype, shape: entry.shape, data_offsets: [at, end] };
      tensors.push({ key, entry, start: at, end });
      at = end;
    }
    const text = new TextEncoder().encode(JSON.stringify(header));
    this.#head = new Uint8Array(8 + text.length);
    new DataView(this.#head.buffer).setBigUint64(0, BigInt(text.length), true);
    this.#head.set(text, 8);
    this.#tensors = tensors;
    this.#bytes = this.#head.length + at;
  }

  override get size(): number {
    return this.#bytes;
  }

  override slice(start = 0, end = this.#bytes): Blob {
    const bytes = new Uint8Array(end - start);
    if (start < this.#head.length) bytes.set(this.#head.subarray(start, Math.min(end, this.#head.length)));
    const [from, to] = [start - this.#head.length, end - this.#head.length];
    for (const { key, entry, start: first, end: last } of this.#tensors) {
      const [low, high] = [Math.max(from, first), Math.min(to, last)];
      // BatchNorm's counters stay zeros.
      if (low >= high || entry.dtype === 'int64') continue;
      const rule = this.#weights[entry.alias_of ?? key];
      const [head, tail] = [Math.floor((low - first) / 4), Math.ceil((high - first) / 4)];
      const values = generateRange(entry.alias_of ?? key, head, tail, rule?.offset ?? 0, rule?.scale ?? 0);
      const made = new Uint8Array(values.buffer).subarray(low - first - 4 * head, high - first - 4 * head);
      bytes.set(made, low - from);
    }
    return new Blob([bytes]);
  }
}
