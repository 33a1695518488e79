import type { TunableInfo } from '../gpu/kernel.ts';
import type { Workgroups } from '../graph/graph.ts';
import { foldedGrid } from './grid.ts';

/** A kernel whose workgroups have `LANES` invocations in a row. */
interface LaneKernel {
  readonly tunables: { readonly LANES: TunableInfo };
}

/** Workgroups for `invocations` independent invocations, numbered `flat_group(..) * LANES + lane`. */
export function laneGrid(kernel: LaneKernel, invocations: number): Workgroups {
  return foldedGrid(Math.ceil(invocations / kernel.tunables.LANES.default));
}
