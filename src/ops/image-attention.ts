import { imageAttention as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { columnsOf, expect, rowsOf, type Tensor } from '../graph/tensor.ts';
import type { Columns } from './attention.ts';

/** Keys that a workgroup looks at: a map of 64 x 64 makes 16 chunks a head. */
const CHUNK = 256;
/** Channels of a head for whose sums 16 KiB of workgroup memory are enough. */
const LONGEST = 28;

/** Parts of an attention's result, [chunks, tokens, heads, headDim + 4], for a kernel that merges them. */
export interface Look {
  readonly tensor: Tensor;
  readonly tokens: number;
  readonly heads: number;
  readonly headDim: number;
}

/** What the kernels that merge a look must know: a parameter's or a tunable's value each. */
export function lookParams({ tensor, tokens, heads, headDim }: Look) {
  return { tokens, chunks: tensor.shape[0] ?? 1, inner4: (heads * headDim) / 4 };
}

/**
 * Few queries over many keys: `softmax(q kᵀ / sqrt(headDim)) v` by heads and by chunks of keys, which whoever reads it
 * puts together.
 *
 * @param q [tokens, any], k and v [keys, any], from these columns on
 * @throws ShapeError where rows or columns do not fit together.
 */
export function imageAttention(
  g: Graph,
  q: Columns,
  k: Columns,
  v: Columns,
  { heads, headDim, name }: { readonly heads: number; readonly headDim: number; readonly name: string },
): Look {
  const [tokens, keys] = [rowsOf(q.tensor), rowsOf(k.tensor)];
  expect(
    headDim % 4 === 0 && headDim <= LONGEST && rowsOf(v.tensor) === keys,
    'imageAttention',
    () =>
      `heads of ${headDim}, k '${k.tensor.name}' [${k.tensor.shape}], v '${v.tensor.name}' [${v.tensor.shape}]: expected as many keys as values, and heads of 4 to ${LONGEST}`,
  );
  for (const { tensor, start } of [q, k, v])
    expect(
      start % 4 === 0 && start + heads * headDim <= columnsOf(tensor),
      'imageAttention',
      () => `'${tensor.name}' [${tensor.shape}] lacks ${heads} heads of ${headDim} from column ${start}`,
    );
  const chunks = Math.ceil(keys / CHUNK);
  const look = g.tensor(name, [chunks, tokens, heads, headDim + 4]);
  const { LANES, SHARES } = kernel.tunables;
  g.record(
    kernel,
    { q: q.tensor, k: k.tensor, v: v.tensor, look },
    {
      tokens,
      keys,
      chunk: CHUNK,
      q_stride: columnsOf(q.tensor) / 4,
      q_start: q.start / 4,
      k_stride: columnsOf(k.tensor) / 4,
      k_start: k.start / 4,
      v_stride: columnsOf(v.tensor) / 4,
      v_start: v.start / 4,
      factor: 1 / Math.sqrt(headDim),
    },
    {
      workgroups: [chunks, heads, Math.ceil((tokens * SHARES.default) / LANES.default)],
      tuning: { HEAD4: headDim / 4 },
      flops: 4 * tokens * keys * heads * headDim,
    },
  );
  return { tensor: look, tokens, heads, headDim };
}
