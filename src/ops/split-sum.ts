import type { Workgroups } from '../graph/graph.ts';

/** Lanes of a workgroup, as in lib/split_sum.wgsl. */
const LANES = 256;
/** Rows that a lane reads at a time, waiting once. */
const TURN = 8;
/** Turns after which another dispatch costs no more than going on: so long sums are cut into chunks. */
const TURNS = 4;
/** Workgroups beside each other that read all a GPU can, about; half of them do where columns alone are enough. */
const BUSY = 512;

const powerOf2 = (least: number) => 2 ** Math.ceil(Math.log2(least));

/** How lanes of a GPU share out a sum over rows: groups of columns a workgroup, and rows of each chunk. */
export function splitSum(
  rows: number,
  cols4: number,
): {
  readonly COLS4: number;
  readonly chunk: number;
  readonly chunks: number;
  readonly workgroups: Workgroups;
} {
  // 128 bytes of a row, a line of a GPU's cache; more where there are so many that lanes need not share rows.
  let COLS4 = Math.min(8, powerOf2(cols4));
  while (COLS4 < 64 && cols4 / (2 * COLS4) >= BUSY / 2) COLS4 *= 2;
  const across = Math.ceil(cols4 / COLS4);
  const turn = (TURN * LANES) / COLS4;
  const wanted = rows <= TURNS * turn ? 1 : Math.min(Math.ceil(BUSY / across), Math.ceil(rows / turn));
  const chunk = Math.ceil(rows / wanted);
  const chunks = Math.ceil(rows / chunk);
  return { COLS4, chunk, chunks, workgroups: [across, chunks, 1] };
}
