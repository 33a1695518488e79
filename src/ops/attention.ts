import {
  attentionBlock as block,
  attentionFlash as flash,
  attentionMerge as merge,
  attentionQuad as quad,
  attention as single,
  attentionTile as tile,
} from '../generated/kernels.ts';
import type { Kernel } from '../gpu/kernel.ts';
import type { Choice, Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { columnsOf, expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import { type Attended, chunksOf, isFlash, type Shape, tileGrid, tileVariants } from './attention-tile.ts';
import { mergeOptions } from './merge-chunks.ts';
import { chosen, rowClass } from './variants.ts';

/** vec4s of the longest head that attention_quad.wgsl is written out for. */
const QUAD_HEAD4 = 24;

/**
 * Whether llvmpipe, which ends a shader after 65535 iterations of all its loops together, lets attention_block.wgsl see
 * every key: 4 at a turn, with two loops over the head, which it writes out where they have 4 steps. The other kernel's
 * arrays make it write out every such loop.
 */
const blockEnds = (keys: number, head4: number) => (keys / 4) * (head4 > 4 ? 1 + 2 * head4 : 1) < 65_535;

/** A range of a tensor's columns: q, k or v inside a fused projection, or a whole tensor with start 0. */
export interface Columns {
  readonly tensor: Tensor;
  readonly start: number;
}

/** A map of tokens and the windows that tile it from the top left; both [height, width]. */
export interface WindowedMap {
  readonly map: readonly [number, number];
  readonly window: readonly [number, number];
}

export interface AttentionOptions {
  readonly heads: number;
  /** Channels of a head, a multiple of 4. */
  readonly headDim: number;
  /** Independent sequences in q, k and v alike. Default 1. */
  readonly batch?: number;
  /** Windowed attention; without it every query sees every key of its batch entry. */
  readonly windows?: { readonly query: WindowedMap; readonly key: WindowedMap };
  /** What k and v of padding tokens are: the bias of the fused projection that made them. */
  readonly pad?: Tensor;
  readonly name?: string;
}

type ParamOf<K> = K extends Kernel<string, infer Param, string> ? Param : never;

/** What was computed of what: all that the derivative needs to know. */
export interface AttentionCall {
  readonly q: Columns;
  readonly k: Columns;
  readonly v: Columns;
  /** Only where windows stick out. */
  readonly pad: Tensor | undefined;
  readonly y: Tensor;
  readonly heads: number;
  readonly headDim: number;
  /** Windows of all batch entries. */
  readonly entries: number;
  readonly params: Readonly<Record<ParamOf<typeof single>, number>>;
}

/** `softmax(q kᵀ / sqrt(headDim)) v`: see attention-grad.ts. */
export const ATTENTION: DifferentiableOp<AttentionCall> = { name: 'attention' };

/**
 * `softmax(q kᵀ / sqrt(headDim)) v` by heads, tiled: no score matrix in memory.
 *
 * @returns [rows of q, heads * headDim]
 * @throws ShapeError where rows, columns or windows do not fit together.
 */
export function attention(g: Graph, q: Columns, k: Columns, v: Columns, options: AttentionOptions): Tensor {
  const { heads, headDim, batch = 1, pad, name = `attention(${q.tensor.name})` } = options;
  const queryRows = rowsOf(q.tensor) / batch;
  const keyRows = rowsOf(k.tensor) / batch;
  const windows = options.windows ?? {
    query: { map: [1, queryRows], window: [1, queryRows] },
    key: { map: [1, keyRows], window: [1, keyRows] },
  };
  const { query, key } = windows;
  const [windowsY, windowsX] = windowCount(query);
  const detail = () => `q '${q.tensor.name}' [${q.tensor.shape}], k '${k.tensor.name}' [${k.tensor.shape}]`;
  expect(headDim % 4 === 0, 'attention', () => `head dimension ${headDim} is no multiple of 4`);
  expect(
    query.map[0] * query.map[1] === queryRows && key.map[0] * key.map[1] === keyRows,
    'attention',
    () => `maps [${query.map}] and [${key.map}] do not hold the rows of ${detail()}`,
  );
  expect(
    windowCount(key).join() === `${windowsY},${windowsX}`,
    'attention',
    () => `windows [${query.window}] of [${query.map}] and [${key.window}] of [${key.map}] do not pair up`,
  );
  const sticksOut = key.map.some((length, axis) => length % (key.window[axis] ?? 1) !== 0);
  expect(
    !sticksOut || pad !== undefined,
    'attention',
    () => `${detail()}: windows stick out and there is no pad`,
  );

  const queries = query.window[0] * query.window[1];
  const keys = key.window[0] * key.window[1];
  const y = g.tensor(name, [...q.tensor.shape.slice(0, -1), heads * headDim]);
  const operands = { q: q.tensor, k: k.tensor, v: v.tensor, pad: pad ?? k.tensor, y };
  const params = {
    queries,
    keys,
    windows_x: windowsX,
    windows: windowsY * windowsX,
    query_width: query.map[1],
    query_height: query.map[0],
    query_window: query.window[1],
    key_width: key.map[1],
    key_height: key.map[0],
    key_window: key.window[1],
    key_rows: keyRows,
    q_stride: columnsOf(q.tensor) / 4,
    q_start: q.start / 4,
    k_stride: columnsOf(k.tensor) / 4,
    k_start: k.start / 4,
    v_stride: columnsOf(v.tensor) / 4,
    v_start: v.start / 4,
    scale: 1 / Math.sqrt(headDim),
  };
  const HEAD4 = headDim / 4;
  const [entries, flops] = [windowsY * windowsX * batch, 4 * batch * queryRows * keys * heads * headDim];
  const { cpu, subgroups } = g.traits;
  const PAD = sticksOut ? 1 : 0;
  const grid = (queriesOfGroup: number) => [Math.ceil(queries / queriesOfGroup), heads, entries] as const;
  if (cpu && subgroups && HEAD4 <= QUAD_HEAD4)
    g.record(quad, operands, params, { workgroups: grid(16), tuning: { HEAD4, PAD }, flops });
  else if (cpu && blockEnds(keys, HEAD4)) {
    const workgroups = grid(4 * block.tunables.LANES.default);
    g.record(block, operands, params, { workgroups, tuning: { HEAD4, PAD }, flops });
  } else {
    const size = { queries, keys, head4: HEAD4, entries };
    const sizeClass = `attention ${rowClass(queries)} see ${rowClass(keys)}, ${heads} of ${headDim} by ${rowClass(entries)}`;
    const { variant, choice } = chosen(
      g.traits,
      sizeClass,
      tileVariants(g.traits, size, sticksOut ? undefined : heads),
    );
    const { shape, split } = variant;
    if (!shape) {
      const LANES = queries >= 32 ? 32 : Math.max(4, 2 ** Math.ceil(Math.log2(queries)));
      g.record(single, operands, params, {
        workgroups: grid(LANES),
        tuning: { HEAD4, LANES },
        flops,
        choice,
      });
    } else recordTile(g, { operands, params, size, heads, padded: sticksOut, flops, choice }, shape, split);
  }
  const used = sticksOut ? pad : undefined;
  const inputs = [q.tensor, k.tensor, v.tensor, used];
  g.note(ATTENTION, { q, k, v, pad: used, y, heads, headDim, entries, params }, y, inputs);
  return y;
}

function recordTile(
  g: Graph,
  {
    operands,
    params,
    size,
    heads,
    padded,
    flops,
    choice,
  }: {
    readonly operands: Readonly<Record<'q' | 'k' | 'v' | 'pad' | 'y', Tensor>>;
    readonly params: AttentionCall['params'];
    readonly size: Attended;
    readonly heads: number;
    readonly padded: boolean;
    readonly flops: number;
    readonly choice: Choice;
  },
  shape: Shape,
  split = false,
): void {
  const { y } = operands;
  const { head4, entries } = size;
  const { k_start: k_pad, v_start: v_pad } = params;
  const whole = { chunk: size.keys, chunks: 1 };
  const { chunk, chunks } = split ? chunksOf(shape, size, entries * heads) : whole;
  const rows = rowsOf(y);
  // Behind the parts there are 4 values for each row and head: see attention_merge.
  const parts = split ? g.tensor(`${y.name} in ${chunks}`, [chunks, rows, heads, 4 * head4 + 4]) : y;
  const of = { ...params, entries, k_pad, v_pad, chunk };
  const common = { workgroups: tileGrid(shape, size, heads, chunks), flops, choice };
  const tuning = { HEAD4: head4, PAD: padded ? 1 : 0, SPLIT: split ? 1 : 0 };
  if (isFlash(shape))
    g.record(flash, { ...operands, y: parts }, of, { ...common, tuning: { ...tuning, ...shape } });
  else g.record(tile, { ...operands, y: parts }, of, { ...common, tuning: { ...tuning, ...shape } });
  if (!split) return;
  const counts = { chunks, rows: rows * heads, head4 };
  const outputs = rows * heads * head4;
  g.record(merge, { parts, y }, counts, { ...mergeOptions(g, merge, { outputs, chunks }), choice });
}

const windowCount = ({ map, window }: WindowedMap): [number, number] => [
  Math.ceil(map[0] / window[0]),
  Math.ceil(map[1] / window[1]),
];
