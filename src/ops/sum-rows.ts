import { sumRows as serial, sumRowsSplit as split } from '../generated/kernels.ts';
import type { Choice, Graph } from '../graph/graph.ts';
import { expect, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { splitSum } from './split-sum.ts';

/** Rows that one invocation adds up: long enough to be worth a dispatch, short enough for many invocations. */
const CHUNK = 64;
/** Rows that an invocation reads in one turn by itself: lanes of a GPU share more than those. */
const FEW = 8;

/** Options of `sumRows`. */
export interface SumRowsOptions {
  /** Added to the result, of its shape. */
  readonly before?: Tensor | undefined;
  readonly name?: string;
  /** Of the variant that makes x in so many rows. */
  readonly choice?: Choice;
}

/**
 * The sum of x, read as rows of as many values as `shape` has, over its rows; in a fixed order, so that it comes out the
 * same every time.
 *
 * @returns `shape`, of a multiple of 4 values
 * @throws ShapeError where x is no whole number of rows.
 */
export function sumRows(
  g: Graph,
  x: Tensor,
  shape: readonly number[],
  { before, name = `sumRows(${x.name})`, choice }: SumRowsOptions = {},
): Tensor {
  const result = g.tensor(name, shape);
  const cols = sizeOf(result);
  expect(
    cols % 4 === 0 && sizeOf(x) % cols === 0,
    'sumRows',
    () => `'${x.name}' [${x.shape}] is no whole number of rows [${shape}] (a multiple of 4 values)`,
  );
  const cols4 = cols / 4;
  let source = x;
  for (let rows = sizeOf(x) / cols; ; ) {
    const shared = g.traits.cpu || rows <= FEW ? undefined : splitSum(rows, cols4);
    const { chunk, chunks } = shared ?? { chunk: CHUNK, chunks: Math.ceil(rows / CHUNK) };
    const last = chunks === 1;
    const y = last ? result : g.tensor(`${name} in ${chunks}`, [chunks, cols]);
    const operands = { x: source, before: last && before ? before : source, y };
    const ADD = last && before ? 1 : 0;
    const chosen = choice && { choice };
    if (shared) {
      const { workgroups, COLS4 } = shared;
      g.record(split, operands, { rows, cols4, chunk }, { workgroups, tuning: { ADD, COLS4 }, ...chosen });
    } else {
      const outputs4 = chunks * cols4;
      const workgroups = laneGrid(serial, outputs4);
      g.record(
        serial,
        operands,
        { rows, cols4, chunk, outputs4 },
        { workgroups, tuning: { ADD }, ...chosen },
      );
    }
    if (last) return result;
    source = y;
    rows = chunks;
  }
}
