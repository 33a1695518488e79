import type { Workgroups } from '../graph/graph.ts';

/** The most workgroups that WebGPU allows on one axis. */
const AXIS = 65535;

/** `groups` workgroups, folded into y past 65535: the kernel undoes it with `flat_group` of lib/grid.wgsl. */
export function foldedGrid(groups: number): Workgroups {
  const y = Math.ceil(groups / AXIS);
  return [Math.ceil(groups / y), y, 1];
}
