/** Attention by tiles in workgroup memory, around every edge of a tile; runs in Node and in Deno. */
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { type AttentionOptions, attention } from '../../src/ops/attention.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { expectClose, randomValues, sumTolerance, type Tolerance } from '../close.ts';
import { type Feed, runGraph } from '../run-graph.ts';
import { attend, type Windowed } from './attention-definition.ts';
import { everywhere } from './definitions.ts';
import { attendWindows, type WindowCase } from './window-definition.ts';

interface Each {
  readonly query: Windowed;
  readonly key: Windowed;
  readonly heads: number;
  readonly headDim: number;
  readonly batch: number;
  /** The variant, or a kind whose first is taken; the first of the tiles unless given. */
  readonly variant?: string;
  /** Bytes of a workgroup; the device's unless given. */
  readonly memory?: number;
  /** What values of q and k become; they are below 1. */
  readonly q?: (value: number, row: number) => number;
  readonly k?: (value: number, row: number) => number;
  readonly tolerance?: Tolerance;
}

type Run = (gpu: GPU) => Promise<void>;

const TOLERANCE = {
  ...sumTolerance(300, 2),
  why: 'dot products of up to 96 terms, weights by exp2, sums over up to 300 keys',
};

/** A variant that the op does not have at this size would leave the default in its place, which another case tests. */
async function runVariant(
  gpu: GPU,
  wanted: string,
  build: (g: Graph, feed: Feed) => Tensor,
  traits: GraphTraits,
) {
  const g = new Graph('test', traits);
  build(g, (name, shape) => g.external(name, shape));
  const { sizeClass, variants = [] } = g.finish().dispatches[0]?.choice ?? {};
  const variant =
    variants.find((name) => name === wanted) ?? variants.find((name) => name.startsWith(wanted));
  if (!variant) throw new Error(`'${sizeClass}' has the variants ${variants}, not ${wanted}`);
  return runGraph(gpu, build, { ...traits, tuned: everywhere(variant) });
}

/** k and v are columns of one tensor, q starts behind 4 others: strides and starts are not what they are by default. */
const attended =
  ({ q: ofQ = (x) => 3 * x, k: ofK = (x) => x, tolerance = TOLERANCE, ...each }: Each): Run =>
  async (gpu) => {
    const { query, key, heads, headDim, batch, variant = 'tile', memory } = each;
    const dim = heads * headDim;
    const [queries, keys] = [query.map[0] * query.map[1] * batch, key.map[0] * key.map[1] * batch];
    const strides = [dim + 4, 2 * dim + 4] as const;
    const qs = randomValues(queries * strides[0], 1).map((x, i) => ofQ(x, Math.floor(i / strides[0])));
    const kvs = randomValues(keys * strides[1], 2).map((x, i) =>
      i % strides[1] < dim ? ofK(x, Math.floor(i / strides[1])) : x,
    );
    const pads = randomValues(2 * dim + 4, 3);
    const [y] = await runVariant(
      gpu,
      variant,
      (g, feed) => {
        const kv = feed('kv', [keys, strides[1]], kvs);
        const options: AttentionOptions = {
          ...{ heads, headDim, batch, windows: { query, key } },
          pad: feed('pad', [2 * dim + 4], pads),
        };
        const at = (start: number) => ({ tensor: kv, start });
        return attention(
          g,
          { tensor: feed('q', [queries, strides[0]], qs), start: 4 },
          at(0),
          at(dim + 4),
          options,
        );
      },
      {
        ...{ cpu: false, subgroups: false },
        ...(memory !== undefined && { workgroupBytes: memory }),
      },
    );
    const expected = attend(
      { values: qs, stride: strides[0], start: 4 },
      { values: kvs, stride: strides[1], start: 0 },
      { values: kvs, stride: strides[1], start: dim + 4 },
      each,
      pads,
    );
    expectClose('y', y ?? [], expected, tolerance);
  };

const sequences = (
  [queries, keys, heads, headDim]: readonly [number, number, number, number],
  rest: Partial<Each> = {},
): Run => {
  const whole = (length: number) => ({ map: [1, length], window: [1, length] }) as const;
  return attended({ query: whole(queries), key: whole(keys), heads, headDim, batch: 1, ...rest });
};

const windows = (
  [height, width, side]: readonly [number, number, number],
  [heads, headDim]: readonly [number, number],
  rest: Partial<Each> = {},
): Run => {
  const square = { map: [height, width], window: [side, side] } as const;
  return attended({ query: square, key: square, heads, headDim, batch: 1, ...rest });
};

/** A query that is ones and a key that is `c` have the score c sqrt(headDim). */
const ones = () => 1;

/** Scores up to `most` have errors of so much: sums of 64 products, each rounded; values are up to 1, of both signs. */
const largeScores = (most: number): Tolerance => ({
  rtol: 0,
  atol: 2 * 4 * Math.sqrt(64) * 2 ** -24 * most,
  why: `weights of scores up to ${most}, whose sums of 64 terms are rounded`,
});

export const CASES: Readonly<Record<string, Run>> = {
  'one query, one key': sequences([1, 1, 1, 4]),
  'a query and a key below a tile': sequences([63, 31, 1, 64]),
  'one tile': sequences([64, 32, 1, 64], { variant: 'tile 64' }),
  'a query and a key above a tile': sequences([65, 33, 2, 64], { variant: 'tile 64' }),
  'primes, in chunks': sequences([67, 257, 1, 64]),
  'heads of 32': sequences([70, 37, 1, 32]),
  'heads of 56': sequences([33, 40, 2, 56]),
  'heads of 72': sequences([40, 100, 1, 72]),
  'heads of 80': sequences([67, 65, 1, 80]),
  'heads of 96': sequences([129, 97, 1, 96]),
  'heads of 96 in 16 KiB': sequences([129, 97, 1, 96], { memory: 16384 }),
  'heads of 72 in 16 KiB, in chunks': sequences([67, 257, 1, 72], { memory: 16384 }),
  'heads of 128': sequences([35, 70, 1, 128]),
  'heads of 256': sequences([37, 67, 1, 256]),
  'heads of 20': sequences([3, 3, 3, 20]),
  'tokens to image': sequences([9, 300, 2, 16]),
  'tokens to image, whole': sequences([9, 300, 2, 16], { variant: 'tile 16' }),
  'more tokens': sequences([17, 129, 2, 16], { batch: 3 }),
  'image to tokens': sequences([131, 9, 2, 16]),
  'image to more tokens': sequences([131, 17, 2, 16]),
  'tokens to themselves': sequences([9, 9, 2, 32]),
  'windows of 4, 9 of them': windows([9, 10, 4], [2, 24]),
  'windows of 4 that fit, heads of 96': windows([8, 8, 4], [1, 96]),
  'windows of 7 that stick out': windows([16, 10, 7], [1, 32], { batch: 2 }),
  'windows of 8 that fit, heads of 72': windows([16, 8, 8], [2, 72]),
  'windows of 14 that stick out': windows([16, 22, 14], [1, 96]),
  'windows of 4 in 16 KiB, heads of 96': windows([8, 12, 4], [1, 96], { memory: 16384 }),
  'a window larger than the map': windows([4, 5, 7], [2, 32]),
  'pooled, windows of 4 see windows of 8': windows([12, 10, 8], [2, 24], {
    query: { map: [6, 5], window: [4, 4] },
  }),
  'pooled, windows of 2 see windows of 4': windows([10, 6, 4], [1, 48], {
    query: { map: [5, 3], window: [2, 2] },
  }),
  'pooled, windows of 7 see windows of 14': windows([16, 20, 14], [1, 32], {
    query: { map: [8, 10], window: [7, 7] },
  }),
  'all scores alike': sequences([65, 100, 1, 64], { k: () => 0.5 }),
  'scores of 10000': sequences([65, 100, 1, 64], {
    q: (x) => 400 * x,
    k: (x) => 50 * x,
    tolerance: largeScores(1e4),
  }),
  'scores of -10000': sequences([10, 100, 1, 64], {
    q: ones,
    k: (x) => x / 64 - 1250,
    tolerance: largeScores(1e4),
  }),
  'every tile has a higher score': sequences([65, 131, 1, 64], {
    q: ones,
    k: (x, row) => x / 64 + row / 40,
    variant: 'tile 64',
  }),
  'every chunk has lower scores': sequences([10, 300, 1, 64], { q: ones, k: (x, row) => x / 64 - row / 40 }),
};

const FLASH = { memory: 32768, variant: 'flash' };

/** Attention by lib/attention_flash: queries and keys around 32 and 64, heads that end within a turn, and what tiles are asked. */
export const FLASH_CASES: Readonly<Record<string, Run>> = {
  'one tile': sequences([64, 64, 1, 64], { ...FLASH, variant: 'flash 64' }),
  'a query and a key above a tile': sequences([65, 65, 2, 96], { ...FLASH, variant: 'flash 64' }),
  'a query and a key above half a tile': sequences([33, 97, 2, 64], { ...FLASH, variant: 'flash 64' }),
  'two tiles each way': sequences([128, 128, 1, 96], { ...FLASH, variant: 'flash 64' }),
  'half a tile of keys above a tile': sequences([64, 96, 1, 96], { ...FLASH, variant: 'flash 64' }),
  'a key more than that': sequences([64, 97, 1, 96], { ...FLASH, variant: 'flash 64' }),
  'a warp of queries without any': sequences([48, 70, 1, 72], { ...FLASH, variant: 'flash 64' }),
  'heads of 20, 32 queries at a time for want of memory': sequences([67, 131, 2, 20], { variant: 'flash' }),
  'heads of 72': sequences([70, 100, 2, 72], FLASH),
  'heads of 96, 32 queries at a time': sequences([33, 131, 1, 96], { ...FLASH, variant: 'flash 32' }),
  'in chunks': sequences([67, 300, 2, 64], { ...FLASH, variant: 'flash 64 split' }),
  'in chunks, 32 queries at a time': sequences([67, 300, 1, 96], { ...FLASH, variant: 'flash 32 split' }),
  batches: sequences([67, 70, 2, 64], { ...FLASH, batch: 3 }),
  'windows of 8 that fit, heads of 72': windows([16, 8, 8], [2, 72], FLASH),
  'windows of 14 that stick out': windows([16, 22, 14], [1, 96], FLASH),
  'windows of 14, 32 queries at a time': windows([16, 22, 14], [1, 96], { ...FLASH, variant: 'flash 32' }),
  'pooled, windows of 4 see windows of 8': windows([16, 8, 8], [2, 96], {
    ...FLASH,
    query: { map: [8, 4], window: [4, 4] },
  }),
  'pooled, windows of 7 see windows of 14': windows([16, 20, 14], [1, 96], {
    ...FLASH,
    query: { map: [8, 10], window: [7, 7] },
  }),
  'scores of 10000': sequences([65, 100, 1, 64], {
    ...FLASH,
    q: (x) => 400 * x,
    k: (x) => 50 * x,
    tolerance: largeScores(1e4),
  }),
  'every tile has a higher score': sequences([65, 131, 1, 64], {
    ...FLASH,
    q: ones,
    k: (x, row) => x / 64 + row / 40,
  }),
  'every chunk has lower scores': sequences([65, 300, 1, 64], {
    ...FLASH,
    q: ones,
    k: (x, row) => x / 64 - row / 40,
  }),
};

/** SAM's relative positions, of which `attendWindows` knows nothing but their sum. */
const positions =
  (each: WindowCase, variant = 'tile', grow = 1, memory?: number): Run =>
  async (gpu) => {
    const { map, window, heads, headDim } = each;
    const dim = heads * headDim;
    const [h, w] = [2 * window[0] - 1, 2 * window[1] - 1];
    const [qkv, bias] = [randomValues(map[0] * map[1] * 3 * dim, 1), randomValues(3 * dim, 2)];
    const [relH, relW] = [randomValues(h * headDim, 3), randomValues(w * headDim, 4)].map((table) =>
      table.map((x) => grow * x),
    ) as [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
    const [y] = await runVariant(
      gpu,
      variant,
      (g, feed) => {
        const tensor = feed('qkv', [...map, 3 * dim], qkv);
        const part = (start: number) => ({ tensor, start });
        return attentionRelpos(g, part(0), part(dim), part(2 * dim), {
          ...each,
          pad: { tensor: feed('bias', [3 * dim], bias), k: dim, v: 2 * dim },
          relH: feed('rel_h', [h, headDim], relH),
          relW: feed('rel_w', [w, headDim], relW),
        });
      },
      { cpu: false, subgroups: false, ...(memory !== undefined && { workgroupBytes: memory }) },
    );
    const term = (query: readonly number[], table: Float32Array, row: number) =>
      query.reduce((sum, value, c) => sum + value * (table[row * headDim + c] ?? Number.NaN), 0);
    const expected = attendWindows(
      qkv,
      bias,
      each,
      (_, query, dy, dx) => term(query, relH, dy + window[0] - 1) + term(query, relW, dx + window[1] - 1),
    );
    expectClose('y', y ?? [], expected, {
      ...sumTolerance(300, 4 * grow),
      why: 'three dot products of up to 80 terms a score, weights by exp2, sums over the keys',
    });
  };

export const POSITION_CASES: Readonly<Record<string, Run>> = {
  'one token': positions({ map: [1, 1], window: [1, 1], heads: 1, headDim: 4 }),
  'windows that stick out on both sides': positions({ map: [5, 7], window: [3, 4], heads: 3, headDim: 8 }),
  'a window larger than the map': positions({ map: [4, 5], window: [7, 7], heads: 2, headDim: 32 }),
  "SAM's windows": positions({ map: [16, 17], window: [14, 14], heads: 2, headDim: 64 }),
  "SAM's windows, heads of 80": positions({ map: [16, 17], window: [14, 14], heads: 1, headDim: 80 }),
  'the whole map, a row a tile': positions({ map: [5, 32], window: [5, 32], heads: 1, headDim: 64 }),
  'the whole map, two tiles a row': positions(
    { map: [3, 64], window: [3, 64], heads: 1, headDim: 64 },
    'tile 64',
  ),
  'the whole map, sides of primes': positions({ map: [13, 11], window: [13, 11], heads: 2, headDim: 64 }),
  'positions that outweigh products': positions(
    { map: [13, 11], window: [13, 11], heads: 1, headDim: 64 },
    'tile 64',
    8,
  ),
  'flash, windows that stick out': positions(
    { map: [16, 17], window: [14, 14], heads: 2, headDim: 64 },
    'flash 64',
    1,
    32768,
  ),
  'flash, 32 queries at a time': positions(
    { map: [16, 17], window: [14, 14], heads: 1, headDim: 64 },
    'flash 32',
    1,
    32768,
  ),
  'flash, the whole map, sides of primes': positions(
    { map: [13, 11], window: [13, 11], heads: 2, headDim: 64 },
    'flash 64',
    8,
    32768,
  ),
};

/** The variants that an attention of this size has, the default first, and the kernels of the default. */
export function chosenFor(
  ...[queries, keys, heads, headDim, workgroupBytes]: readonly [number, number, number, number, number?]
) {
  const g = new Graph('test', {
    ...{ cpu: false, subgroups: false },
    ...(workgroupBytes !== undefined && { workgroupBytes }),
  });
  const dim = heads * headDim;
  const [q, kv] = [g.external('q', [queries, dim]), g.external('kv', [keys, dim])];
  const at = (tensor: typeof q) => ({ tensor, start: 0 });
  attention(g, at(q), at(kv), at(kv), { heads, headDim });
  const { dispatches } = g.finish();
  return { variants: dispatches[0]?.choice?.variants, kernels: dispatches.map(({ kernel }) => kernel.name) };
}
