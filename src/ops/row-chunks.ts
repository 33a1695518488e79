import type { GraphTraits } from '../graph/graph.ts';
import { fitsNarrow, fitsWide, TILES, type Tile, type TileName } from './product-tile.ts';
import type { Variant } from './variants.ts';

/** Workgroups of 64 lanes that a GPU has in flight, about: a weight alone has too few tiles. */
const BUSY = 512;
/** A chunk's tile of partial sums is written and read again: it shall be little beside what was read for it. */
const LEAST_ROWS = 64;
const MOST_CHUNKS = 64;
/** Rows that pass through workgroup memory at a time. */
const STEP = 16;

/** Rows of each chunk, for a sum over rows that makes as many tiles of a weight: each chunk has sums of its own. */
export function rowsPerChunk(rows: number, tiles: number): number {
  const chunks = Math.min(MOST_CHUNKS, Math.ceil(BUSY / tiles), Math.ceil(rows / LEAST_ROWS));
  return STEP * Math.ceil(rows / chunks / STEP);
}

/** What computes a weight's gradient: tiles in workgroup memory, or version 0. */
export interface GradientVariant extends Variant {
  readonly tile?: Tile;
}

const PLAIN: GradientVariant = { name: 'plain' };
const tiled = (name: TileName): GradientVariant => ({ name, tile: TILES[name] });

/** What may compute a gradient of so many rows and columns on a device, the likeliest first. */
export function gradientVariants(
  { cpu }: GraphTraits,
  { rows, cols }: Readonly<Record<'rows' | 'cols', number>>,
): [GradientVariant, ...GradientVariant[]] {
  if (cpu) return [PLAIN];
  const names: TileName[] = ['tile 64', 'tile 64 8x4', 'tile 32'];
  if (fitsWide(cols)) names.splice(1, 0, 'tile 64x128');
  if (fitsNarrow(cols)) names.unshift('tile 64x32');
  const [first = PLAIN, ...rest] = names.map(tiled);
  // Few rows fill no chunk: there it is the stores that take the time.
  return rows < LEAST_ROWS ? [PLAIN, first, ...rest] : [first, ...rest, PLAIN];
}
