import type { TunableInfo } from '../gpu/kernel.ts';
import type { Graph, Workgroups } from '../graph/graph.ts';
import { laneGrid } from './lane-grid.ts';

/** How lanes put together the chunks of so many outputs of 4 channels: lib/merge_chunks.wgsl. */
export function mergeOptions(
  { traits }: Graph,
  kernel: { readonly tunables: Readonly<Record<'LANES' | 'SHARE', TunableInfo>> },
  outputs: number,
): { readonly workgroups: Workgroups; readonly tuning: { readonly SHARE: number } } {
  const SHARE = traits.cpu ? 1 : kernel.tunables.SHARE.default;
  return { workgroups: laneGrid(kernel, outputs * SHARE), tuning: { SHARE } };
}
