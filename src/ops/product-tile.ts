import type { Kernel, Tuning } from '../gpu/kernel.ts';
import type { GraphTraits } from '../graph/graph.ts';
import type { Variant } from './variants.ts';

/** The kernels of an op that is a product of rows and columns, by what a workgroup does. */
export interface ProductKernels<K extends Kernel> {
  /** 4 x 4 values a lane, straight from storage. */
  readonly plain: K;
  /** 64 columns by 32 or 64 rows a workgroup, by way of its memory. */
  readonly tile: K;
  /** 4 rows by some columns a workgroup, whose lanes share out the inner axis; not every op has one. */
  readonly split?: K;
  /** 16 x 16 values a lane: software adapters. */
  readonly block: K;
  /** The same with loads shared by 4 lanes: software adapters with subgroups. */
  readonly quad: K;
}

export interface ProductVariant<K extends Kernel> extends Variant {
  readonly kernel: K;
  /** Of y, for a workgroup. */
  readonly tileRows: number;
  readonly tileCols: number;
  readonly tuning?: Tuning;
}

/** Workgroups that keep a GPU busy: where larger tiles would make fewer, smaller ones are taken. */
const BUSY = 128;

interface Tiled {
  readonly batch?: number;
  readonly rows: number;
  readonly cols: number;
}

const tilesOf = ({ batch = 1, rows, cols }: Tiled, height: number) =>
  batch * Math.ceil(rows / height) * Math.ceil(cols / 64);

/** Rows of a lane in a tile of 64 columns by 8 lanes. */
export const rowsOfLane = (size: Tiled): 4 | 8 => (tilesOf(size, 64) < BUSY ? 4 : 8);

/** Rows below which a tile of workgroup memory would be mostly empty. */
const FEW_ROWS = 32;

/** Tiles that are too few to hide what a step of the inner axis waits for, unless lanes share that axis out. */
const LONELY = 32;

/** Steps of the inner axis from which on there is something to share out among 32 lanes. */
const LONG = 64;

/** What may compute a product of this size on a device, the likeliest first. */
export function productVariants<K extends Kernel>(
  { plain, tile, split, block, quad }: ProductKernels<K>,
  { cpu, subgroups, compute }: GraphTraits,
  size: { readonly batch: number; readonly rows: number; readonly inner: number; readonly cols: number },
): [ProductVariant<K>, ...ProductVariant<K>[]] {
  const { batch, rows, inner, cols } = size;
  const simple = { name: 'plain', kernel: plain, tileRows: 32, tileCols: 32 };
  if (cpu) {
    const lanes = block.tunables['LANES']?.default ?? 1;
    // Lanes beyond the last column would only wait: they take rows instead.
    const across = Math.min(lanes, 2 ** Math.ceil(Math.log2(cols / 16)));
    const ACROSS = Math.max(1, across);
    const blocks: ProductVariant<K> = {
      name: 'block',
      kernel: block,
      tileRows: (16 * lanes) / ACROSS,
      tileCols: 16 * ACROSS,
      tuning: { ACROSS },
    };
    // No software adapter with subgroups computes in f16: the quad has no such variant.
    if (!subgroups || compute === 'f16') return [blocks, simple];
    const rowsOfQuads = 4 * (quad.tunables['LANES']?.default ?? 1);
    return [{ name: 'quad', kernel: quad, tileRows: rowsOfQuads, tileCols: 32 }, blocks, simple];
  }
  const tiles = (ROWS: 4 | 8): ProductVariant<K> => ({
    name: `tile ${8 * ROWS}`,
    kernel: tile,
    tileRows: 8 * ROWS,
    tileCols: 64,
    tuning: { ROWS },
  });
  const groups = batch * Math.ceil(rows / 4) * Math.ceil(cols / 32);
  const splits =
    split && inner >= LONG
      ? (groups < BUSY ? [4, 8] : [8, 4]).map(
          (COLS4): ProductVariant<K> => ({
            name: `split ${4 * COLS4}`,
            kernel: split,
            tileRows: 4,
            tileCols: 4 * COLS4,
            tuning: { COLS4 },
          }),
        )
      : [];
  const [first, ...others] = splits;
  if (first && (rows < FEW_ROWS || tilesOf(size, 32) < LONELY)) return [first, ...others, tiles(4), simple];
  if (rows < FEW_ROWS) return [simple, tiles(4)];
  if (rowsOfLane(size) === 4) return [tiles(4), tiles(8), simple, ...splits];
  return [tiles(8), tiles(4), simple];
}
