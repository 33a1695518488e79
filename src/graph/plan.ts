import { ShapeError } from '../errors.ts';
import type { Recording } from './graph.ts';
import { bytesOf, type Tensor } from './tensor.ts';

/**
 * Which buffer each activation lives in, and how large the buffers are: known before anything runs.
 * Outputs have no slot: they outlive the run, so their owner binds buffers of his own; they count all the same.
 */
export interface Plan {
  /** Index into `slotBytes` for every activation that is written and is no output. */
  readonly slotOf: ReadonlyMap<Tensor, number>;
  readonly slotBytes: readonly number[];
  /** All slots and outputs together: the peak, for they are all alive at once. */
  readonly peakBytes: number;
  /** What it would take without sharing: the sum of all activations. */
  readonly totalBytes: number;
  readonly largestBytes: number;
}

/**
 * Assigns activations to whole pooled buffers by lifetime. Whole buffers, because WebGPU forbids binding one
 * buffer for reading and writing in the same dispatch even where the ranges are disjoint.
 *
 * Largest first: each tensor, by falling size, takes the first buffer whose other tenants it never meets.
 * Buffers are then exactly as large as their largest tenant.
 *
 * @throws ShapeError where a tensor is read before it is written.
 */
export function plan(recording: Recording): Plan {
  const lifetimes = findLifetimes(recording);
  const pooled = [...lifetimes].filter(([tensor]) => !recording.outputs.has(tensor));
  const bySize = pooled.sort(([a], [b]) => bytesOf(b) - bytesOf(a));
  const slots: { bytes: number; tenants: Lifetime[] }[] = [];
  const slotOf = new Map<Tensor, number>();
  for (const [tensor, lifetime] of bySize) {
    let at = slots.findIndex(({ tenants }) => tenants.every((tenant) => !overlap(tenant, lifetime)));
    if (at < 0) at = slots.push({ bytes: bytesOf(tensor), tenants: [] }) - 1;
    slots[at]?.tenants.push(lifetime);
    slotOf.set(tensor, at);
  }
  const slotBytes = slots.map(({ bytes }) => bytes);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const outputBytes = [...recording.outputs.keys()].map(bytesOf);
  return {
    slotOf,
    slotBytes,
    peakBytes: sum(slotBytes) + sum(outputBytes),
    totalBytes: sum([...lifetimes.keys()].map(bytesOf)),
    largestBytes: Math.max(0, ...slotBytes, ...outputBytes),
  };
}

/** Indices of the dispatches that first write and last use a tensor, both included. */
interface Lifetime {
  readonly first: number;
  last: number;
}

const overlap = (a: Lifetime, b: Lifetime) => a.first <= b.last && b.first <= a.last;

function findLifetimes(recording: Recording): Map<Tensor, Lifetime> {
  const lifetimes = new Map<Tensor, Lifetime>();
  recording.dispatches.forEach(({ kernel, operands }, i) => {
    operands.forEach((tensor, at) => {
      if (tensor.kind !== 'activation') return;
      const lifetime = lifetimes.get(tensor);
      if (lifetime) lifetime.last = i;
      else if (kernel.bindings[at]?.writes) lifetimes.set(tensor, { first: i, last: i });
      else
        throw new ShapeError(
          `recording '${recording.name}': dispatch ${i} (${kernel.name}) reads '${tensor.name}' before anything wrote it`,
        );
    });
  });
  for (const output of recording.outputs.keys())
    if (!lifetimes.has(output))
      throw new ShapeError(`recording '${recording.name}': output '${output.name}' is never written`);
  return lifetimes;
}

/**
 * Buffers that serve several plans which never run at the same time: the k-th is as large as the largest of their
 * k-th largest slots.
 */
export function sharedSlots(plans: readonly Plan[]): number[] {
  const shared: number[] = [];
  for (const { slotBytes } of plans)
    [...slotBytes]
      .sort((a, b) => b - a)
      .forEach((bytes, k) => {
        shared[k] = Math.max(shared[k] ?? 0, bytes);
      });
  return shared;
}
