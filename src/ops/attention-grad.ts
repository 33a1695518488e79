import {
  attentionGradKvQuad as keysQuad,
  attentionGradKvShared as keysShared,
  attentionGradKv as keysSingle,
  attentionGradMerge as merge,
  attentionGradQQuad as queriesQuad,
  attentionGradQShared as queriesShared,
  attentionGradQ as queriesSingle,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { derivativeOf } from '../graph/tape.ts';
import { expect, rowsOf, sizeOf, type Tensor } from '../graph/tensor.ts';
import { ATTENTION, type AttentionCall } from './attention.ts';
import { mergeOptions } from './merge-chunks.ts';
import { accumulateColumns } from './place-columns.ts';
import { SHARES, sharesHeads } from './shared-heads.ts';
import { sumRows } from './sum-rows.ts';

/** vec4s of the longest head that the quad kernels are written out for. */
const QUAD_HEAD4 = 24;
/** Rows of q, or of k and v, of a quad. */
const QUAD_ROWS = 16;

/**
 * Scores are computed again, twice: query by query for dq, with the logarithm L of each softmax's sum and
 * `D = dy . y`, of which only these two are kept; then key by key for dk and dv. Few queries over many keys, and the
 * reverse, are walked in chunks whose results are put together after, in a fixed order.
 *
 * The padding of windows gets no gradient: it is the bias of a projection, frozen in every encoder.
 */
export const attentionGrad = derivativeOf(ATTENTION, (g, call, dy) => {
  const { q, k, v, pad } = call;
  expect(
    !(pad && g.needsGradient(pad)),
    'attention',
    () => `no gradient flows to '${pad?.name}', the padding of windows that stick out: it must be frozen`,
  );
  const { dq, statistics } = queryGradient(g, call, dy);
  const parts = [{ of: q, gradient: dq }];
  // k and v nearly always come from one map, so that both need a gradient or neither does.
  if (g.needsGradient(k.tensor) || g.needsGradient(v.tensor)) {
    const { dk, dv } = keyGradient(g, call, dy, statistics);
    parts.push({ of: k, gradient: dk }, { of: v, gradient: dv });
  }
  accumulateColumns(g, parts);
});

/** dq [rows of q, heads * headDim] and for each row and head L and D, [rows of q, heads, 2]. */
function queryGradient(
  g: Graph,
  { q, k, v, pad, y, heads, headDim, entries, params }: AttentionCall,
  dy: Tensor,
) {
  const rows = rowsOf(q.tensor);
  const { queries, keys } = params;
  const way = wayOf(g, headDim, queries, keys, heads * entries);
  const shapes = [
    [rows, heads * headDim],
    [rows, heads, 2],
  ] as const;
  const tensors = (what: string, chunks: readonly number[]) => ({
    dq: g.tensor(`grad(${q.tensor.name})${what}`, [...chunks, ...shapes[0]]),
    statistics: g.tensor(`statistics(${y.name})${what}`, [...chunks, ...shapes[1]]),
  });
  const whole = tensors('', []);
  const parts = way.chunks === 1 ? whole : tensors(` in ${way.chunks}`, [way.chunks]);
  const operands = { q: q.tensor, k: k.tensor, v: v.tensor, pad: pad ?? k.tensor, y, dy, ...parts };
  const chunked = { ...params, chunk: way.chunk };
  const options = {
    workgroups: [way.blocks * way.chunks, heads, entries],
    // Scores, dy . v and the sum.
    flops: 6 * rows * keys * heads * headDim,
  } as const;
  const HEAD4 = headDim / 4;
  if (way.quad) g.record(queriesQuad, operands, chunked, { ...options, tuning: { HEAD4, PAD: pad ? 1 : 0 } });
  else
    g.record(way.shared ? queriesShared : queriesSingle, operands, chunked, {
      ...options,
      tuning: { HEAD4, LANES: way.lanes, PAD: pad ? 1 : 0 },
    });
  if (way.chunks === 1) return whole;
  const outputs4 = sizeOf(whole.dq) / 4;
  g.record(
    merge,
    { parts: parts.dq, part_statistics: parts.statistics, ...whole },
    { chunks: way.chunks, rows: rows * heads, outputs4 },
    mergeOptions(g, merge, { outputs: outputs4, chunks: way.chunks }),
  );
  return whole;
}

/** dk and dv, both [rows of k, heads * headDim]. */
function keyGradient(
  g: Graph,
  { q, k, v, heads, headDim, entries, params }: AttentionCall,
  dy: Tensor,
  statistics: Tensor,
) {
  const shape = [rowsOf(k.tensor), heads * headDim];
  const { queries, keys } = params;
  const way = wayOf(g, headDim, keys, queries, heads * entries);
  const tensorOf = (what: string) =>
    way.chunks === 1 ? g.tensor(what, shape) : g.tensor(`${what} in ${way.chunks}`, [way.chunks, ...shape]);
  // k and v may be one tensor.
  const [nameK, nameV] = [`grad(${k.tensor.name} as k)`, `grad(${v.tensor.name} as v)`];
  const [dk, dv] = [tensorOf(nameK), tensorOf(nameV)];
  const operands = { q: q.tensor, k: k.tensor, v: v.tensor, dy, statistics, dk, dv };
  const chunked = { ...params, chunk: way.chunk };
  const options = {
    workgroups: [way.blocks * way.chunks, heads, entries],
    // Scores, dy . v and two sums.
    flops: 8 * rowsOf(k.tensor) * queries * heads * headDim,
  } as const;
  const HEAD4 = headDim / 4;
  if (way.quad) g.record(keysQuad, operands, chunked, { ...options, tuning: { HEAD4 } });
  else
    g.record(way.shared ? keysShared : keysSingle, operands, chunked, {
      ...options,
      tuning: { HEAD4, LANES: way.lanes },
    });
  if (way.chunks === 1) return { dk, dv };
  return { dk: sumRows(g, dk, shape, { name: nameK }), dv: sumRows(g, dv, shape, { name: nameV }) };
}

/** Rows that one walk is enough for: putting chunks together is a dispatch more. */
const WHOLE = 64;
/**
 * `shortest`: a chunk is worth its own invocations from this length on. `most`: so many chunks keep what is stored in between
 * small. `busy`: workgroups that keep a device busy; with few rows, each walks a chunk of the other side. An H200 took 0.4 us
 * for each row of the other side, whatever else it did meanwhile.
 */
const CHUNKS = {
  cpu: { shortest: 64, most: 64, busy: 32 },
  gpu: { shortest: 16, most: 256, busy: 2048 },
};
/**
 * llvmpipe, which has no subgroups, ends a shader's loops after 65535 iterations in all: 2 headDim / 4 + 1 for each of
 * these, for heads of up to 124.
 */
const LONGEST_SERIAL = 1024;

/**
 * Which kernel computes `rows` of one side of a window against the `others` of the other, in workgroups of how many
 * lanes, over chunks of which length.
 *
 * @param entries windows of all batch entries and heads
 */
function wayOf(g: Graph, headDim: number, rows: number, others: number, entries: number) {
  const { cpu, subgroups } = g.traits;
  const quad = cpu && subgroups && headDim / 4 <= QUAD_HEAD4;
  const shared = sharesHeads(g.traits, headDim / 4);
  const rowsOfLanes = rows >= 32 ? 32 : Math.max(4, 2 ** Math.ceil(Math.log2(rows)));
  const rowsOfGroup = quad ? QUAD_ROWS : rowsOfLanes;
  const blocks = Math.ceil(rows / rowsOfGroup);
  const { shortest, most, busy } = CHUNKS[cpu ? 'cpu' : 'gpu'];
  const wanted =
    others <= WHOLE ? 1 : Math.min(most, Math.ceil(others / shortest), Math.ceil(busy / (blocks * entries)));
  const bounded = cpu && !quad ? Math.ceil(others / LONGEST_SERIAL) : 1;
  // Quads walk 4 at a time.
  const chunk = 4 * Math.ceil(others / Math.max(wanted, bounded) / 4);
  const lanes = shared ? SHARES * rowsOfGroup : rowsOfGroup;
  return { quad, shared, lanes, blocks, chunk, chunks: Math.ceil(others / chunk) };
}
