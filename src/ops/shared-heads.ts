import type { GraphTraits } from '../graph/graph.ts';

/** vec4s of the longest head that a lane of a GPU can own in a gradient: six arrays of them are 192 registers of 255. */
const OWN_HEAD4 = 8;
/** Lanes that own a row together: lib/shared_row.wgsl. */
export const SHARES = 4;

/** Whether a row's head is shared among a quad of lanes; software adapters have kernels of their own. */
export const sharesHeads = ({ cpu, subgroups }: GraphTraits, head4: number): boolean =>
  !cpu && subgroups && head4 > OWN_HEAD4;
