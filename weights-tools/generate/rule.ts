/**
 * Weights that anybody can make again from keys and shapes: the rule of test/fixtures/README.md, by which the goldens
 * were computed and the tables of published checkpoints are filled.
 */
import type { Checkpoint, StoredTensor } from '../../src/weights/types.ts';

/** One row of a `*.weights.json` or `tables/*.json`. */
export interface WeightsEntry {
  readonly shape: readonly number[];
  readonly offset?: number;
  readonly scale?: number;
  /** The key whose values this one shares. */
  readonly alias_of?: string;
  /** "int64" for BatchNorm's counters, which no rule generates; they read as 0. */
  readonly dtype?: string;
}
export type WeightsJson = Readonly<Record<string, WeightsEntry>>;

/** The u32 hash of position `i` in the stream `seed` (both u32). */
export function mix(seed: number, i: number): number {
  let x = (i + Math.imul(seed, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const volume = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Values f32(offset + scale * (u * 2^-31 - 1)) of the tensor `key`, flat, row-major. */
export function generateTensor(
  key: string,
  shape: readonly number[],
  offset: number,
  scale: number,
  salt = 0,
): Float32Array<ArrayBuffer> {
  return generateRange(key, 0, volume(shape), offset, scale, salt);
}

/** Elements `start` to `end` (exclusive) of a tensor. */
export function generateRange(
  key: string,
  start: number,
  end: number,
  offset: number,
  scale: number,
  salt = 0,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(end - start);
  const seed = (fnv1a32(key) ^ salt) >>> 0;
  for (let i = start; i < end; i++) values[i - start] = offset + scale * (mix(seed, i) * 2 ** -31 - 1);
  return values;
}

function generatedTensor(
  name: string,
  weights: WeightsJson,
  entry: WeightsEntry,
  salt: number,
): StoredTensor {
  const { shape } = entry;
  if (entry.dtype === 'int64') {
    const read = async () => new Uint8Array(8 * volume(shape));
    return { name, dtype: 'I64', shape, read, readF32: () => Promise.reject(new Error(`${name} is int64`)) };
  }
  const key = entry.alias_of ?? name;
  const source = weights[key];
  if (source?.offset === undefined || source.scale === undefined) throw new Error(`No rule for ${key}`);
  const { offset, scale } = source;
  const readF32 = async () => generateTensor(key, shape, offset, scale, salt);
  const read = async () => new Uint8Array((await readF32()).buffer);
  return { name, dtype: 'F32', shape, read, readF32 };
}

/**
 * A checkpoint whose values are generated at each read: nothing is held.
 * @param weights parsed `<name>.weights.json`
 * @param options `name` for messages; `salt` as in the golden's metadata (0); `metadata` of a safetensors file
 */
export function generatedCheckpoint(
  weights: WeightsJson,
  options: { name?: string; salt?: number; metadata?: Record<string, string> } = {},
): Checkpoint {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(weights)) {
    tensors.set(name, generatedTensor(name, weights, entry, options.salt ?? 0));
  }
  const { name = 'generated.safetensors', metadata = {} } = options;
  return { name, container: 'safetensors', tensors, metadata, warnings: [] };
}
