import type { GraphTraits, Workgroups } from '../graph/graph.ts';
import type { Variant } from './variants.ts';

/** Workgroup memory that every WebGPU device has. */
const LEAST_BYTES = 16384;
/** What tiles were laid out for: with more fewer of them share a processor. */
const MOST_BYTES = 32768;
/** Queries up to which a window is small: several share a workgroup. */
const FEW = 16;
/** Groups of 4 channels of a lane, in the sum of values: the kernel is written out for so many. */
const MOST_GROUPS = 4;
/** vec4s of values that a lane has asked for and not yet handed on. */
const MOST_LOADS = 8;
/** The constants of lib/attention_tile that say what a workgroup does. */
export interface TileShape {
  readonly WIDE: number;
  readonly HIGH: number;
  readonly ROWS: number;
  readonly KEYS4: number;
  readonly CHANNELS: number;
  readonly VALUES: number;
  readonly SLOTS: number;
}

export interface Attended {
  /** Of a window. */
  readonly queries: number;
  readonly keys: number;
  /** vec4s in a head. */
  readonly head4: number;
  /** Windows of all batch entries. */
  readonly entries: number;
}

/** The constants of lib/attention_flash that say what a workgroup does: 8 x HIGH lanes of 4 queries each. */
export interface FlashShape {
  readonly HIGH: 8 | 16;
  readonly RAGGED: 0 | 1;
}

export type Shape = TileShape | FlashShape;

export const isFlash = (shape: Shape): shape is FlashShape => !('WIDE' in shape);

/** Queries of a window that a workgroup takes. */
export const queriesOf = (shape: Shape) => shape.HIGH * (isFlash(shape) ? 4 : shape.ROWS);
/** Keys that it takes at a time. */
export const keysOf = (shape: FlashShape | Pick<TileShape, 'WIDE' | 'KEYS4'>) =>
  'WIDE' in shape ? 4 * shape.WIDE * shape.KEYS4 : 64;

/** Of a workgroup of attention_tile: on an H200 64 took longer for all but 256 tokens, by 4 % there. */
const LANES = 128;
/** Queries of a lane at most. */
const MOST_ROWS = 4;

/** What lib/attention_flash declares. */
const flashBytes = (HIGH: FlashShape['HIGH']): number => 16 * (32 * (HIGH + 2) + 16 * 26 + 9 * HIGH + 16);

/** Queries of an NVIDIA warp in lib/attention_flash. */
const WARP_QUERIES = 16;

/**
 * For windows of this size, whose last queries and keys may be few. A window of 196 has 4 of 64 of either in its last: with all of
 * them multiplied it costs a quarter more.
 */
function flashShape({ queries, keys }: Attended, HIGH: FlashShape['HIGH']): FlashShape {
  const tile = 4 * HIGH;
  const [lastQueries, lastKeys] = [queries % tile || tile, keys % 64 || 64];
  return { HIGH, RAGGED: lastQueries <= tile - WARP_QUERIES || lastKeys <= 32 ? 1 : 0 };
}

/** vec4s of the longest head that lib/attention_flash is written out for, and of the shortest that fills a turn of it. */
const MOST_HEAD4 = 24;
const LEAST_HEAD4 = 4;

/** Keys that are many for a few queries: some of those keys are all that a lane of the tiles has. */
const LONG = 1024;

/** Stands for attention_tile, whose lanes `tileShape` finds. */
const TILES = 0;

/**
 * Lanes down of what may be taken, the likeliest first. On an H200 (bench/NOTES.md, section 16) flash 64 took 0.6 to 0.8 of the
 * tiles' time for thousands of tokens and for windows of 64 and 196, flash 32 half for 16 queries that see 64. The tiles were
 * ahead for 256 tokens in chunks (0.8) and for windows of 16 with heads of 72 (0.7): several of those share a workgroup there.
 */
function highsFor({
  queries,
  keys,
  head4,
  entries,
}: Attended): readonly (FlashShape['HIGH'] | typeof TILES)[] {
  if (head4 > MOST_HEAD4 || head4 < LEAST_HEAD4 || queries < 8 || keys < 16) return [TILES];
  const few = queries <= 32;
  if (few && (entries === 1 || keys >= LONG)) return [TILES];
  const highs = few ? ([8] as const) : ([16, 8] as const);
  return keys > 32 ? [...highs, TILES] : [TILES, ...highs];
}

/**
 * Lanes and registers for windows of this size, or nothing where they would not fit into workgroup memory.
 *
 * @param memory bytes that a workgroup may have
 */
export function tileShape(size: Attended, memory: number = LEAST_BYTES): TileShape | undefined {
  const { queries, keys, head4, entries } = size;
  const small = queries <= FEW && entries > 1;
  // Lanes side by side have 4 channels each in the second product: as few idle ones as may be.
  const WIDE = head4 <= (small ? 16 : 4) ? 4 : head4 <= 32 ? 8 : 16;
  if (head4 > MOST_GROUPS * WIDE) return undefined;
  let HIGH = small ? 4 : Math.min(16, LANES / WIDE);
  while (HIGH > 8 && HIGH / 2 >= queries) HIGH /= 2;
  // Powers of two, so that few pipelines serve sequences that are as long as there are prompts.
  const ROWS = 2 ** Math.ceil(Math.log2(Math.min(MOST_ROWS, Math.ceil(queries / HIGH))));
  const KEYS4 = !small && WIDE === 4 && keys > 4 * WIDE ? 2 : 1;
  let SLOTS = small ? 64 / (WIDE * HIGH) : 1;
  // As much as fits, of whole heads and tiles first.
  for (; SLOTS >= 1; SLOTS /= 2)
    for (let CHANNELS = head4; CHANNELS > 0; CHANNELS--)
      for (let VALUES = keysOf({ WIDE, KEYS4 }); VALUES >= 4; VALUES /= 2) {
        const shape = { WIDE, HIGH, ROWS, KEYS4, CHANNELS, VALUES, SLOTS };
        const loads = (VALUES * head4) / (WIDE * HIGH);
        if (head4 % CHANNELS === 0 && loads <= MOST_LOADS && workgroupBytes(shape, head4) <= memory)
          return shape;
      }
  return undefined;
}

/** What lib/attention_tile declares. */
export function workgroupBytes(shape: TileShape, head4: number): number {
  const [queries, keys] = [queriesOf(shape), keysOf(shape)];
  const staged = Math.max(shape.CHANNELS * keys, shape.VALUES * head4);
  return shape.SLOTS * (16 * staged + 4 * queries * (keys + shape.WIDE) + 4 * keys);
}

/** Lanes that keep a GPU busy: where there are not so many, each workgroup walks a chunk of the keys. */
const BUSY = 32768;
/** Tiles that are worth a workgroup of their own, and chunks that are worth putting together. */
const SHORTEST = 2;
const MOST_CHUNKS = 256;

/** Into how many chunks of how many tiles the keys of a window are cut. */
export function chunksOf(shape: Shape, { queries, keys }: Attended, entriesAndHeads: number) {
  const tiles = Math.ceil(keys / keysOf(shape));
  const groups = Math.ceil(queries / queriesOf(shape)) * entriesAndHeads;
  // Lanes of fewer queries than 4 have less to do: as if they were fewer.
  const lanes = isFlash(shape) ? 8 * shape.HIGH : LANES * Math.min(1, queriesOf(shape) / 64);
  const wanted = Math.min(MOST_CHUNKS, Math.floor(tiles / SHORTEST), Math.ceil(BUSY / lanes / groups));
  const chunk = Math.ceil(tiles / Math.max(1, wanted));
  return { chunk, chunks: Math.ceil(tiles / chunk) };
}

/** Workgroups for so many heads, whose keys are in one chunk each unless more are given. */
export function tileGrid(
  shape: Shape,
  { queries, entries }: Attended,
  heads: number,
  chunks = 1,
): Workgroups {
  const slots = isFlash(shape) ? 1 : shape.SLOTS;
  return [Math.ceil(queries / queriesOf(shape)) * chunks, heads, Math.ceil(entries / slots)];
}

export interface TileVariant extends Variant {
  /** Without, a lane has a query and reads keys and values straight from storage. */
  readonly shape?: Shape;
  /** The keys are cut into chunks. */
  readonly split?: boolean;
}

/**
 * What may compute attention on a device, the likeliest first.
 *
 * @param heads given where the keys may be cut into chunks, none of which may be empty
 */
export function tileVariants(
  { cpu, workgroupBytes: memory }: GraphTraits,
  size: Attended,
  heads?: number,
): [TileVariant, ...TileVariant[]] {
  const variants: TileVariant[] = [];
  const most = Math.min(memory ?? LEAST_BYTES, MOST_BYTES);
  for (const HIGH of cpu ? [] : highsFor(size)) {
    if (HIGH !== TILES && flashBytes(HIGH) > most) continue;
    const shape = HIGH === TILES ? tileShape(size, most) : flashShape(size, HIGH);
    if (!shape) continue;
    const name = `${isFlash(shape) ? 'flash' : 'tile'} ${queriesOf(shape)}`;
    if (heads && chunksOf(shape, size, size.entries * heads).chunks > 1)
      variants.push({ name: `${name} split`, shape, split: true });
    variants.push({ name, shape });
  }
  const lane = { name: 'lane' };
  const [first, ...others] = variants;
  return first ? [first, ...others, lane] : [lane];
}
