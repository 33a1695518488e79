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
/** Keys from which on a lane may have 8 of a tile, which take twice the registers for fewer loads and barriers a product. */
const MANY_KEYS = 1024;

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

/** Queries of a window that a workgroup takes. */
export const queriesOf = ({ HIGH, ROWS }: TileShape) => HIGH * ROWS;
/** Keys that it takes at a time. */
export const keysOf = ({ WIDE, KEYS4 }: Pick<TileShape, 'WIDE' | 'KEYS4'>) => 4 * WIDE * KEYS4;

/** What a tile is made of, beside the size of a window. */
export interface Plan {
  /** Of a workgroup: more share what is staged, and leave more queries of a window's last block idle. */
  readonly lanes: 64 | 128;
  /** Queries of a lane at most: more take registers, fewer leave less to do with what is loaded. */
  readonly rows: 4 | 5;
  /** A lane has 8 keys of a tile and not 4. */
  readonly wide?: boolean;
  /** In `LEAST_BYTES` where there are more: twice as many workgroups share a processor, each with more barriers. */
  readonly lean?: boolean;
}

/** The likeliest first. On an H200, 64 queries by 128 lanes were ahead of all else that was tried: bench/NOTES.md, section 16. */
const PLANS: readonly Plan[] = [
  { lanes: 128, rows: 4 },
  { lanes: 64, rows: 4 },
  { lanes: 64, rows: 5 },
  { lanes: 128, rows: 4, wide: true },
  { lanes: 128, rows: 4, lean: true },
];

/**
 * Lanes and registers for windows of this size, or nothing where they would not fit into workgroup memory.
 *
 * @param memory bytes that a workgroup may have
 */
export function tileShape(
  size: Attended,
  { lanes, rows, wide = false }: Plan,
  memory: number = LEAST_BYTES,
): TileShape | undefined {
  const { queries, keys, head4, entries } = size;
  const small = queries <= FEW && entries > 1;
  // Lanes side by side have 4 channels each in the second product: as few idle ones as may be.
  const WIDE = head4 <= (small ? 16 : 4) ? 4 : head4 <= 32 ? 8 : 16;
  if (head4 > MOST_GROUPS * WIDE) return undefined;
  let HIGH = small ? 4 : Math.min(16, lanes / WIDE);
  while (HIGH > 8 && HIGH / 2 >= queries) HIGH /= 2;
  const ROWS = rowsOf(size, HIGH, rows);
  const KEYS4 = (!small && WIDE === 4 && keys > 4 * WIDE) || (wide && keys >= MANY_KEYS) ? 2 : 1;
  let SLOTS = small ? 64 / (WIDE * HIGH) : 1;
  const keysAtOnce = keysOf({ WIDE, KEYS4 });
  const channels = divisorsOf(head4);
  const values = [1, 2, 4, 8, 16]
    .map((part) => keysAtOnce / part)
    .filter((count) => count >= 4 && count * head4 <= MOST_LOADS * WIDE * HIGH);
  for (; SLOTS >= 1; SLOTS /= 2)
    for (const CHANNELS of channels)
      for (const VALUES of values) {
        const shape = { WIDE, HIGH, ROWS, KEYS4, CHANNELS, VALUES, SLOTS };
        if (workgroupBytes(shape, head4) <= memory) return shape;
      }
  return undefined;
}

/** The largest first. */
const divisorsOf = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => count - i).filter((each) => count % each === 0);

/**
 * Queries of a lane that leave few rows of a window's last block empty; a block of r costs about as r + 1.3. Sequences, as
 * long as there are prompts, take powers of two, so that few pipelines serve them.
 */
function rowsOf({ queries, entries }: Attended, high: number, most: number): number {
  const enough = Math.min(entries === 1 ? 4 : most, Math.ceil(queries / high));
  if (entries === 1) return 2 ** Math.ceil(Math.log2(enough));
  const cost = (rows: number) => Math.ceil(queries / (high * rows)) * (rows + 1.3);
  let best = enough;
  for (let rows = enough - 1; rows > most / 2; rows--) if (cost(rows) < cost(best)) best = rows;
  return best;
}

/** What lib/attention_tile declares. */
export function workgroupBytes(shape: TileShape, head4: number): number {
  const [queries, keys] = [queriesOf(shape), keysOf(shape)];
  const staged = Math.max(shape.CHANNELS * keys, shape.VALUES * head4);
  return shape.SLOTS * (16 * staged + 4 * queries * (keys + shape.WIDE) + 4 * keys);
}

/** Workgroups of 64 queries that keep a GPU busy, or more of fewer: where there are not so many, each walks a chunk of the keys. */
const BUSY = 256;
/** Tiles that are worth a workgroup of their own, and chunks that are worth putting together. */
const SHORTEST = 2;
const MOST_CHUNKS = 256;

/** Into how many chunks of how many tiles the keys of a window are cut. */
export function chunksOf(shape: TileShape, { queries, keys }: Attended, entriesAndHeads: number) {
  const tiles = Math.ceil(keys / keysOf(shape));
  const groups = Math.ceil(queries / queriesOf(shape)) * entriesAndHeads;
  const busy = BUSY * Math.max(1, 64 / queriesOf(shape));
  const wanted = Math.min(MOST_CHUNKS, Math.floor(tiles / SHORTEST), Math.ceil(busy / groups));
  const chunk = Math.ceil(tiles / Math.max(1, wanted));
  return { chunk, chunks: Math.ceil(tiles / chunk) };
}

/** Workgroups for so many heads, whose keys are in one chunk each unless more are given. */
export function tileGrid(
  shape: TileShape,
  { queries, entries }: Attended,
  heads: number,
  chunks = 1,
): Workgroups {
  return [Math.ceil(queries / queriesOf(shape)) * chunks, heads, Math.ceil(entries / shape.SLOTS)];
}

export interface TileVariant extends Variant {
  /** Without, a lane has a query and reads keys and values straight from storage. */
  readonly shape?: TileShape;
  /** The keys are cut into chunks. */
  readonly split?: boolean;
}

const isSame = (one: TileShape | undefined, other: TileShape) =>
  JSON.stringify(one) === JSON.stringify(other);

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
  for (const plan of cpu ? [] : PLANS) {
    const shape = tileShape(size, plan, plan.lean ? LEAST_BYTES : most);
    if (!shape) continue;
    const keys = keysOf(shape) > 32 ? ` by ${keysOf(shape)}` : '';
    const name = `tile ${queriesOf(shape)}${keys}${plan.lean ? ' lean' : ''}`;
    if (variants.some((other) => other.name === name || isSame(other.shape, shape))) continue;
    if (heads && chunksOf(shape, size, size.entries * heads).chunks > 1)
      variants.push({ name: `${name} split`, shape, split: true });
    variants.push({ name, shape });
  }
  const lane = { name: 'lane' };
  const [first, ...others] = variants;
  return first ? [first, ...others, lane] : [lane];
}
