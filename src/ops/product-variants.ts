import type { Kernel, Tuning } from '../gpu/kernel.ts';
import type { GraphTraits } from '../graph/graph.ts';
import {
  BUSY,
  TILES,
  type Tiled,
  type TileName,
  tileCols,
  tileRows,
  tilesFor,
  tilesOf,
} from './product-tile.ts';
import type { Variant } from './variants.ts';

/** The kernels of an op that is a product of rows and columns, by what a workgroup does. */
export interface ProductKernels<K extends Kernel> {
  /** 4 x 4 values a lane, straight from storage. */
  readonly plain: K;
  /** A tile a workgroup, by way of its memory: see `TILES`. */
  readonly tile: K;
  /** 4 rows by some columns a workgroup, whose lanes share out the inner axis; not every op has one. */
  readonly split?: K;
  /** 16 x 16 values a lane: software adapters. */
  readonly block: K;
  /** The same with loads shared by 4 lanes: software adapters with subgroups. */
  readonly quad: K;
  /** 4 columns a lane, whose weights stay while rows pass: software adapters with subgroups. */
  readonly stationary: K;
}

export interface ProductVariant<K extends Kernel> extends Variant {
  readonly kernel: K;
  /** Of y, for a workgroup. */
  readonly tileRows: number;
  readonly tileCols: number;
  readonly tuning?: Tuning;
  /** Of the inner axis, each of which has workgroups of its own, whose sums are then added: 1 unless given. */
  readonly chunks?: number;
}

/** Rows below which a tile of workgroup memory would be mostly empty. */
const FEW_ROWS = 32;

/** Tiles that are too few to hide what a step of the inner axis waits for, unless lanes share that axis out. */
const LONELY = 32;

/** Steps of the inner axis from which on there is something to share out among 32 lanes. */
const LONG = 64;

interface ProductSize extends Required<Tiled> {
  readonly inner: number;
  /** Values that lie side by side in a row of x; `inner` unless given. */
  readonly run?: number;
}

/** Rows that pass over a lane's weights: of twice as many fetching these costs no less that could be measured. */
const PASSING = 256;

/** Tasks that SwiftShader deals workgroups out to: below as many quads half as many rows pass over one. */
const TASKS = 16;

/** Rows up to which weights that stay gain too little for a pipeline more: 0.9 to 1.3 times the speed at 64, below 1 at 16. */
const SHORT_WALK = 64;

/**
 * Weights that stay want pipelines of their own for each depth and number of chunks, a quarter of a second of CPU each on
 * SwiftShader: a product of so many flops takes 50 ms less with them.
 */
const WORTH_FLOPS = 5e8;

/** What lib/stationary.wgsl is told: chunks as alike as they can be, of at most 8 times 16 steps. */
function stationaryVariant<K extends Kernel>(kernel: K, size: ProductSize): ProductVariant<K> {
  const { inner, run = inner } = size;
  const chunks = Math.ceil(run / 128);
  const STEPS = Math.ceil(run / 16 / chunks);
  const tuning = {
    STEPS,
    SINGLE: chunks === 1 && run === inner ? 1 : 0,
    REST: run === 16 * STEPS * chunks ? 0 : 1,
  };
  const passing = tilesOf(size, PASSING, 16) < TASKS ? PASSING / 2 : PASSING;
  return { name: 'stationary', kernel, tileRows: passing, tileCols: 16, tuning };
}

/** Tiles below which most SMs of a large GPU have two warps or none for their four schedulers. */
const IDLE = 192;

/** Workgroups that the inner axis is cut for then. */
const AMPLE = 512;

/** Steps of the inner axis that are worth a workgroup, and a pass over what it leaves. */
const LEAST_STEPS = 256;

/** What may compute a product of this size on a device, the likeliest first. */
export function productVariants<K extends Kernel>(
  kernels: ProductKernels<K>,
  traits: GraphTraits,
  size: ProductSize,
): [ProductVariant<K>, ...ProductVariant<K>[]] {
  return traits.cpu ? softwareVariants(kernels, traits, size) : hardwareVariants(kernels, size);
}

function softwareVariants<K extends Kernel>(
  { plain, block, quad, stationary }: ProductKernels<K>,
  { subgroups, compute }: GraphTraits,
  size: ProductSize,
): [ProductVariant<K>, ...ProductVariant<K>[]] {
  const { batch, rows, inner, cols, run = inner } = size;
  const simple = simpleVariant(plain);
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
  // No software adapter with subgroups computes in f16: quads have no such variant.
  if (!subgroups || compute === 'f16') return [blocks, simple];
  const rowsOfQuads = 4 * (quad.tunables['LANES']?.default ?? 1);
  const quads = { name: 'quad', kernel: quad, tileRows: rowsOfQuads, tileCols: 32 };
  const staying = stationaryVariant(stationary, size);
  const isAhead = rows > SHORT_WALK && (run === inner || run >= LONG);
  const pays = 2 * batch * rows * inner * cols >= WORTH_FLOPS;
  return isAhead && pays ? [staying, quads, blocks, simple] : [quads, staying, blocks, simple];
}

function hardwareVariants<K extends Kernel>(
  { plain, tile, split }: ProductKernels<K>,
  size: ProductSize,
): [ProductVariant<K>, ...ProductVariant<K>[]] {
  const { batch, rows, inner, cols } = size;
  const simple = simpleVariant(plain);
  const tiles = (name: TileName): ProductVariant<K> => {
    const tuning = TILES[name];
    return { name, kernel: tile, tileRows: tileRows(tuning), tileCols: tileCols(tuning), tuning };
  };
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
  const [first, ...more] = splits;
  if (first && (rows < FEW_ROWS || tilesOf(size, 32) < LONELY))
    return [first, ...more, tiles('tile 32'), tiles('tile 64 8x4'), simple];
  if (rows < FEW_ROWS) return [simple, tiles('tile 32')];
  const [likeliest, ...rest] = tilesFor(size);
  const whole = tiles(likeliest);
  // Where lanes might share the inner axis out, tiles are few.
  const apart = likeliest === 'tile 32' ? splits : [];
  const others = [...rest.map(tiles), simple, ...apart];
  const many = tilesOf(size, whole.tileRows, whole.tileCols);
  const chunks = Math.min(Math.floor(inner / LEAST_STEPS), Math.floor(AMPLE / many));
  if (chunks < 2 || many >= IDLE) return [whole, ...others];
  const tuning = { ...whole.tuning, CHUNKS: chunks };
  return [{ ...whole, name: `${likeliest} in ${chunks}`, tuning, chunks }, whole, ...others];
}

const simpleVariant = <K extends Kernel>(kernel: K): ProductVariant<K> => ({
  name: 'plain',
  kernel,
  tileRows: 32,
  tileCols: 32,
});
