import type { GraphTraits, Workgroups } from '../graph/graph.ts';
import type { Variant } from './variants.ts';

/** Workgroup memory that every WebGPU device has; no more is asked for. */
const WORKGROUP_BYTES = 16384;
/** Lanes of a workgroup whose windows are not too small for it. */
const LANES = 64;
/** Queries up to which a window is small: several share a workgroup. */
const FEW = 16;

/** The constants of lib/attention_tile that say what a workgroup does. */
export interface TileShape {
  readonly WIDE: number;
  readonly HIGH: number;
  readonly ROWS: number;
  readonly KEYS4: number;
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
export const keysOf = ({ WIDE, KEYS4 }: TileShape) => 4 * WIDE * KEYS4;

/**
 * Lanes and registers for windows of this size, or nothing where they would not fit into workgroup memory.
 *
 * @param most queries of a lane: more of them make more of each value that is read, and take more registers
 */
export function tileShape(size: Attended, most: 4 | 8): TileShape | undefined {
  const { queries, keys, head4, entries } = size;
  const small = queries <= FEW && entries > 1;
  // Lanes side by side have 4 channels each in the second product: as few idle ones as may be.
  const WIDE = small || head4 <= 4 ? 4 : head4 <= 24 ? 8 : 16;
  const HIGH = small ? 4 : Math.max(8, LANES / WIDE);
  const ROWS = rowsOf(size, HIGH, Math.min(most, WIDE === 16 ? 4 : WIDE));
  const KEYS4 = !small && keys > 4 * WIDE && (ROWS <= 4 || WIDE === 4) && WIDE < 16 ? 2 : 1;
  const SLOTS = small ? LANES / (WIDE * HIGH) : 1;
  const shape = { WIDE, HIGH, ROWS, KEYS4, VALUES: 4, SLOTS };
  while (shape.SLOTS > 1 && workgroupBytes(shape, head4) > WORKGROUP_BYTES) shape.SLOTS /= 2;
  const fits = () => workgroupBytes(shape, head4) <= WORKGROUP_BYTES;
  while (shape.VALUES < keysOf(shape) && fits()) shape.VALUES *= 2;
  if (!fits() && shape.VALUES > 4) shape.VALUES /= 2;
  return fits() ? shape : undefined;
}

/**
 * Queries of a lane that leave few rows of a window's last block empty; a block of r costs about as r + 1.3. Sequences, as
 * long as there are prompts, take powers of two, so that few pipelines serve them.
 */
function rowsOf({ queries, entries }: Attended, high: number, most: number): number {
  const enough = Math.min(most, Math.ceil(queries / high));
  if (entries === 1) return 2 ** Math.ceil(Math.log2(enough));
  const cost = (rows: number) => Math.ceil(queries / (high * rows)) * (rows + 1.3);
  let best = enough;
  for (let rows = enough - 1; rows > most / 2; rows--) if (cost(rows) < cost(best)) best = rows;
  return best;
}

/** What lib/attention_tile declares, in f32. */
export function workgroupBytes(shape: TileShape, head4: number): number {
  const [queries, keys] = [queriesOf(shape), keysOf(shape)];
  const staged = Math.max(4 * (queries + keys), shape.VALUES * head4);
  return shape.SLOTS * (16 * (staged + (queries * keys) / 4) + 8 * queries + 8 * keys);
}

/** Workgroups that keep a GPU busy: where there are fewer, each walks a chunk of the keys. */
const BUSY = 256;
/** Tiles that are worth a workgroup of their own, and chunks that are worth putting together. */
const SHORTEST = 2;
const MOST_CHUNKS = 64;

/** Into how many chunks of how many tiles the keys of a window are cut. */
export function chunksOf(shape: TileShape, { queries, keys }: Attended, entriesAndHeads: number) {
  const tiles = Math.ceil(keys / keysOf(shape));
  const groups = Math.ceil(queries / queriesOf(shape)) * entriesAndHeads;
  const wanted = Math.min(MOST_CHUNKS, Math.floor(tiles / SHORTEST), Math.ceil(BUSY / groups));
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

/**
 * What may compute attention on a device, the likeliest first.
 *
 * @param heads given where the keys may be cut into chunks, none of which may be empty
 */
export function tileVariants(
  { cpu }: GraphTraits,
  size: Attended,
  heads?: number,
): [TileVariant, ...TileVariant[]] {
  const variants: TileVariant[] = [];
  for (const most of cpu ? [] : ([8, 4] as const)) {
    const shape = tileShape(size, most);
    const name = `tile ${shape && queriesOf(shape)}`;
    if (!shape || variants.some((other) => other.name === name)) continue;
    if (heads && chunksOf(shape, size, size.entries * heads).chunks > 1)
      variants.push({ name: `${name} split`, shape, split: true });
    variants.push({ name, shape });
  }
  const lane = { name: 'lane' };
  const [first, ...others] = variants;
  return first ? [first, ...others, lane] : [lane];
}
