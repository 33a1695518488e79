import type { TunableInfo } from '../gpu/kernel.ts';
import type { Graph, Workgroups } from '../graph/graph.ts';
import { laneGrid } from './lane-grid.ts';

/** Chunks that a lane adds up one after the other before it meets the others at barriers. */
const SERIAL = 4;
/** Lanes of an output: of more of them fewer outputs lie beside each other, and what is loaded at once is not all used. */
const MOST_SHARES = 32;

/** How lanes put together the chunks of so many outputs of 4 channels: lib/merge_chunks.wgsl. */
export function mergeOptions(
  { traits }: Graph,
  kernel: { readonly tunables: Readonly<Record<'LANES' | 'SHARE', TunableInfo>> },
  { outputs, chunks }: { readonly outputs: number; readonly chunks: number },
): {
  readonly workgroups: Workgroups;
  readonly tuning: { readonly SHARE: number };
} {
  const shares = 2 ** Math.ceil(Math.log2(Math.max(1, chunks / SERIAL)));
  const SHARE = traits.cpu ? 1 : Math.min(MOST_SHARES, shares);
  return { workgroups: laneGrid(kernel, outputs * SHARE), tuning: { SHARE } };
}
