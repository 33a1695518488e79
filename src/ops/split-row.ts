import type { Workgroups } from '../graph/graph.ts';
import { foldedGrid } from './grid.ts';

/** Groups of four columns that a lane keeps in registers: as many as lib/split_row.wgsl writes out. */
const KEPT = 6;
/** Lanes that read 128 bytes beside each other, a line of a GPU's cache: fewer of them are not worth it. */
const LINE = 8;
/** Lanes of a workgroup: few, for all of them wait at a barrier. */
const LANES = 128;
const MOST_LANES = 256;

const powerOf2 = (least: number) => 2 ** Math.ceil(Math.log2(least));

/**
 * How lanes share rows of a GPU's normalisation: as few a row as can keep it, for what they add up passes through
 * workgroup memory.
 *
 * @returns nothing where a row is wider than the registers of a workgroup
 */
export function splitRow(
  rows: number,
  cols4: number,
):
  | {
      readonly workgroups: Workgroups;
      readonly tuning: { readonly LANES: number; readonly SHARE: number; readonly PER: number };
    }
  | undefined {
  const share = Math.max(powerOf2(Math.ceil(cols4 / KEPT)), Math.min(LINE, powerOf2(cols4)));
  if (share > MOST_LANES) return undefined;
  const lanes = Math.max(share, LANES);
  return {
    workgroups: foldedGrid(Math.ceil((rows * share) / lanes)),
    tuning: { LANES: lanes, SHARE: share, PER: Math.ceil(cols4 / share) },
  };
}
