import type { Graph, Workgroups } from '../graph/graph.ts';
import { columnsOf, expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';

/** Attention within the windows that tile a map from the top left, where queries and keys are the same tokens. */
export interface WindowAttentionOptions {
  readonly heads: number;
  /** Channels of a head, a multiple of 4. */
  readonly headDim: number;
  /** Height and width in tokens. A window as large as the map is global attention. */
  readonly map: readonly [number, number];
  readonly window: readonly [number, number];
  /** What k and v of padding tokens are; needed where windows stick out of the map. `k` and `v` are columns. */
  readonly pad?: { readonly tensor: Tensor; readonly k: number; readonly v: number };
  readonly name?: string;
}

/**
 * The most that a dispatch should compute: whoever cuts a stage, for the driver's watchdog or for a cancellation, cuts
 * between dispatches.
 */
const FLOPS_PER_DISPATCH = { cpu: 4e9, gpu: 4e10 };

/** What was computed of what: all that the derivatives need to know. */
export interface WindowCall extends ReturnType<typeof windowAttention> {
  readonly q: Columns;
  readonly k: Columns;
  readonly v: Columns;
  /** What no gradient flows to: padding and tables. */
  readonly frozen: readonly (Tensor | undefined)[];
}

/** One dispatch: as many heads as it should compute. */
export interface HeadRange {
  readonly first: number;
  readonly workgroups: Workgroups;
  readonly flops: number;
}

/**
 * What the kernels with positional terms have in common: checks, output, operands, parameters and dispatches.
 *
 * @param termFlops of the positional terms, for a query
 */
export function windowAttention(
  op: string,
  g: Graph,
  q: Columns,
  k: Columns,
  v: Columns,
  { heads, headDim, map, window, pad, name = `${op}(${q.tensor.name})` }: WindowAttentionOptions,
  termFlops = 0,
) {
  const [height, width] = map;
  const [windowHeight, windowWidth] = window;
  const windows = [Math.ceil(height / windowHeight), Math.ceil(width / windowWidth)] as const;
  expect(headDim % 4 === 0, op, () => `head dimension ${headDim} is no multiple of 4`);
  for (const { tensor, start } of [q, k, v])
    expect(
      rowsOf(tensor) === height * width &&
        start % 4 === 0 &&
        columnsOf(tensor) % 4 === 0 &&
        start + heads * headDim <= columnsOf(tensor),
      op,
      () =>
        `'${tensor.name}' [${tensor.shape}] from column ${start} does not hold ${heads} heads of ${headDim} on a map [${map}]`,
    );
  const sticksOut = height % windowHeight !== 0 || width % windowWidth !== 0;
  expect(
    !sticksOut || pad !== undefined,
    op,
    () => `windows [${window}] stick out of [${map}] and there is no pad`,
  );
  const queries = windowHeight * windowWidth;
  const LANES = queries >= 32 ? 32 : Math.max(4, 2 ** Math.ceil(Math.log2(queries)));
  const y = g.tensor(name, [...q.tensor.shape.slice(0, -1), heads * headDim]);

  // Scores and weighted sums of the tokens that are on the map.
  const flopsPerHead = height * width * (4 * queries * headDim + termFlops);
  const limit = g.traits.cpu ? FLOPS_PER_DISPATCH.cpu : FLOPS_PER_DISPATCH.gpu;
  const together = Math.min(heads, Math.max(1, Math.floor(limit / flopsPerHead)));
  const ranges = Array.from({ length: Math.ceil(heads / together) }, (_, part): HeadRange => {
    const first = part * together;
    const count = Math.min(together, heads - first);
    return {
      first,
      workgroups: [Math.ceil(queries / LANES), count, windows[0] * windows[1]],
      flops: count * flopsPerHead,
    };
  });
  return {
    y,
    operands: { q: q.tensor, k: k.tensor, v: v.tensor, pad: pad?.tensor ?? k.tensor, y },
    params: {
      height,
      width,
      window_height: windowHeight,
      windows_x: windows[1],
      heads,
      q_stride: columnsOf(q.tensor) / 4,
      q_start: q.start / 4,
      k_stride: columnsOf(k.tensor) / 4,
      k_start: k.start / 4,
      v_stride: columnsOf(v.tensor) / 4,
      v_start: v.start / 4,
      k_pad: (pad?.k ?? 0) / 4,
      v_pad: (pad?.v ?? 0) / 4,
      scale: 1 / Math.sqrt(headDim),
    },
    tuning: { HEAD4: headDim / 4, LANES },
    sticksOut,
    /** Windows. */
    entries: windows[0] * windows[1],
    ranges,
  };
}
