import { tokenProduct as kernel } from '../generated/kernels.ts';
import { storedAs } from '../gpu/kernel.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, expectShape, storageOf, type Tensor } from '../graph/tensor.ts';
import { tokenChannels, tokenGroups } from './token-rows.ts';

/** What goes into `tokenProduct`. */
export interface TokenProduct {
  /** [addends, tokens, channels] or [tokens, channels] */
  readonly addends: Tensor;
  /** [channels, cols] */
  readonly w: Tensor;
  /** [cols], the bias; where there is `eps`, then the norm's weight and bias, [channels] each. */
  readonly vectors: Tensor;
  /** Of the norm; none, no norm. */
  readonly eps?: number;
  /** Added, [tokens, channels], before the first `cols` columns. */
  readonly placed?: { readonly position: Tensor; readonly cols: number };
}

/**
 * `x = layernorm(sum of addends)` and `y = x w + bias`, with a position added to x before some of the columns: all that
 * is projected of a few tokens at once.
 *
 * @returns x [tokens, channels] and y [tokens, cols]
 * @throws ShapeError where the shapes do not fit.
 */
export function tokenProduct(
  g: Graph,
  { addends, w, vectors, eps, placed }: TokenProduct,
  { name }: { readonly name: string },
): { readonly x: Tensor; readonly y: Tensor } {
  const channels4 = tokenChannels('tokenProduct', kernel, addends);
  const [channels, [tokens = 0]] = [4 * channels4, addends.shape.slice(-2)];
  const [, cols = 0] = w.shape;
  const tile = 4 * kernel.tunables.TILE.default;
  expectShape('tokenProduct', w, [channels, cols]);
  expectShape('tokenProduct', vectors, [cols + (eps === undefined ? 0 : 2 * channels)]);
  if (placed) expectShape('tokenProduct', placed.position, [tokens, channels]);
  expect(
    cols % 4 === 0 && (placed?.cols ?? 0) % tile === 0,
    'tokenProduct',
    () => `${cols} columns, ${placed?.cols} of them placed: expected multiples of 4 and ${tile}`,
  );
  const x = g.tensor(`${name}.x`, [tokens, channels]);
  const y = g.tensor(name, [tokens, cols]);
  g.record(
    storedAs(kernel, storageOf(w)),
    { addends, position: placed?.position ?? addends, w, scale: w.scale ?? w, vectors, x, y },
    {
      tokens,
      addends: addends.shape.length === 3 ? (addends.shape[0] ?? 1) : 1,
      cols4: cols / 4,
      placed4: (placed?.cols ?? 0) / 4,
      norm: eps === undefined ? 0 : 1,
      eps: eps ?? 0,
    },
    {
      workgroups: [Math.ceil(cols / tile), tokenGroups(kernel, tokens), 1],
      tuning: { CHANNELS4: channels4, SCALED: w.scale ? 1 : 0 },
      flops: 2 * tokens * channels * cols,
    },
  );
  return { x, y };
}
