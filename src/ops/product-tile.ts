/** Lanes across, and the rows and groups of 4 columns of a lane: what `lib/product_tile.wgsl` is told. */
export type Tile = Readonly<Record<'WIDE' | 'ROWS' | 'COLS4', number>>;

/** By the rows and columns of a workgroup, and of a lane where that alone tells them apart. */
export const TILES = {
  'tile 64': { WIDE: 8, ROWS: 8, COLS4: 2 },
  'tile 64x96': { WIDE: 8, ROWS: 8, COLS4: 3 },
  'tile 64x128': { WIDE: 16, ROWS: 8, COLS4: 2 },
  'tile 64 8x4': { WIDE: 16, ROWS: 8, COLS4: 1 },
  'tile 64x32': { WIDE: 8, ROWS: 8, COLS4: 1 },
  'tile 32': { WIDE: 8, ROWS: 4, COLS4: 2 },
} as const satisfies Readonly<Record<string, Tile>>;

export type TileName = keyof typeof TILES;

export const tileRows = ({ ROWS }: Tile): number => 8 * ROWS;
export const tileCols = ({ WIDE, COLS4 }: Tile): number => 4 * WIDE * COLS4;

/** Workgroups that keep a GPU busy: where larger tiles would make fewer, smaller ones are taken. */
export const BUSY = 128;

export interface Tiled {
  readonly batch?: number;
  readonly rows: number;
  readonly cols: number;
}

export const tilesOf = ({ batch = 1, rows, cols }: Tiled, height: number, width = 64) =>
  batch * Math.ceil(rows / height) * Math.ceil(cols / width);

/** Whether tiles of 64 x 64 keep a GPU busy. */
export const isLarge = (size: Tiled): boolean => tilesOf(size, 64) >= BUSY;

/** Tiles of 64 x 64 below which more lanes a tile, of fewer values each, hide better what loads wait for. */
const MANY = 512;

/** Columns of tiles so wide, with those past the last. */
const columns = (cols: number, width: number) => width * Math.ceil(cols / width);

/** Whether tiles of 128 columns make about as few in vain as those of 64. */
export const fitsWide = (cols: number): boolean => columns(cols, 128) <= 1.05 * columns(cols, 64);

/** Whether tiles of 64 columns make so many in vain that those of 32, which load more for each value, take less time. */
export const fitsNarrow = (cols: number): boolean => columns(cols, 64) > 1.15 * columns(cols, 32);

/** Steps of the inner axis from which on tiles of 96 columns were ahead where those of 64 fit as well. */
const LASTING = 192;

/**
 * The tiles for a product of this size, the likeliest first. On an H200, of its roof: 64 x 96 had 56 to 68 % where it fits,
 * 64 x 128 had 61 to 67 from 512 columns on, where 64 x 64 had 58 to 63, and less elsewhere; lanes of 8 x 4 were 5 % ahead
 * where tiles are few.
 */
export function tilesFor(size: Tiled & { readonly inner: number }): [TileName, ...TileName[]] {
  const { inner, cols } = size;
  if (!isLarge(size)) return ['tile 32', 'tile 64 8x4', 'tile 64'];
  const spared = columns(cols, 64) - columns(cols, 96);
  if (spared > 0 || (spared === 0 && inner >= LASTING))
    return ['tile 64x96', 'tile 64', 'tile 64 8x4', 'tile 64x128', 'tile 32'];
  if (fitsNarrow(cols)) return ['tile 64x32', 'tile 64', 'tile 64 8x4', 'tile 32'];
  const square: [TileName, TileName] =
    tilesOf(size, 64) < MANY ? ['tile 64 8x4', 'tile 64'] : ['tile 64', 'tile 64 8x4'];
  if (!fitsWide(cols)) return [...square, 'tile 32'];
  const many = cols >= 512 && tilesOf(size, 64, 128) >= 2 * BUSY;
  return many ? ['tile 64x128', ...square, 'tile 32'] : [...square, 'tile 64x128', 'tile 32'];
}
