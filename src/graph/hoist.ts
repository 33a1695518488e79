import type { Dispatch, Recording } from './graph.ts';
import { buffersOf, type Tensor } from './tensor.ts';

/** A recording in two parts: what can be computed once and kept, and what is computed each time. */
export interface Hoisted {
  /** Marks as outputs what it keeps. */
  readonly once: Recording;
  /** Reads what is kept as externals, by the same names; empty of what `once` does alone. */
  readonly each: Recording;
}

/**
 * Moves out of a recording what follows from its parameters and lasting externals alone and is dear, that is counted in
 * flops: the results are kept. What is cheap, such as a sum of two maps, is made again rather than kept, for a kept map
 * takes memory that no other stage can use.
 *
 * @param name of the recording of what is computed once, and before the names of what it keeps
 * @param lasts whether an external stays the same from run to run
 */
export function hoist(recording: Recording, name: string, lasts: (external: Tensor) => boolean): Hoisted {
  const { dispatches, outputs } = recording;
  const steady = steadyTensors(dispatches, lasts);
  const writerOf = new Map(dispatches.flatMap((each) => writtenBy(each).map((tensor) => [tensor, each])));
  // What puts chunks together has no flops of its own, but is the end of what has.
  const isDear = (writer: Dispatch | undefined) =>
    writer !== undefined && (writer.flops > 0 || !!writer.choice);
  const isKept = (tensor: Tensor) =>
    steady.has(tensor) && !outputs.has(tensor) && isDear(writerOf.get(tensor));

  // From the end: a dispatch is needed each time where something that is needed each time reads what it writes.
  const wanted = new Set<Tensor>(outputs.keys());
  const kept = new Set<Tensor>();
  const each: Dispatch[] = [];
  for (const dispatch of dispatches.toReversed()) {
    const written = writtenBy(dispatch);
    if (written.every((tensor) => steady.has(tensor) && !wanted.has(tensor))) continue;
    each.unshift(dispatch);
    for (const tensor of readBy(dispatch)) (isKept(tensor) ? kept : wanted).add(tensor);
  }
  const needed = new Set<Tensor>(kept);
  const once: Dispatch[] = [];
  for (const dispatch of dispatches.toReversed()) {
    if (!writtenBy(dispatch).some((tensor) => needed.has(tensor))) continue;
    once.unshift(dispatch);
    for (const tensor of readBy(dispatch)) needed.add(tensor);
  }

  const order = dispatches.flatMap(writtenBy).filter((tensor) => kept.has(tensor));
  const names = new Map([...new Set(order)].map((tensor, i) => [tensor, `${name}.${i} ${tensor.name}`]));
  const external = new Map(
    [...names].map(([tensor, label]) => [tensor, { ...tensor, name: label, kind: 'external' as const }]),
  );
  const rebound = each.map((dispatch) => ({
    ...dispatch,
    operands: dispatch.operands.map((tensor) => external.get(tensor) ?? tensor),
  }));
  return {
    once: { name, dispatches: once, parameters: parametersOf(recording, once), outputs: names },
    each: { ...recording, dispatches: rebound, parameters: parametersOf(recording, rebound) },
  };
}

/** Every activation that comes out the same each time: all that write it read nothing else. */
function steadyTensors(
  dispatches: readonly Dispatch[],
  lasts: (external: Tensor) => boolean,
): ReadonlySet<Tensor> {
  const moving = new Set<Tensor>();
  const moves = (tensor: Tensor) => moving.has(tensor) || (tensor.kind === 'external' && !lasts(tensor));
  for (const dispatch of dispatches)
    if (readBy(dispatch).some(moves) || writtenBy(dispatch).some((tensor) => tensor.kind === 'external'))
      for (const tensor of writtenBy(dispatch)) moving.add(tensor);
  return new Set(dispatches.flatMap(writtenBy).filter((tensor) => !moving.has(tensor)));
}

const writtenBy = ({ kernel, operands }: Dispatch): Tensor[] =>
  operands.filter((_, i) => kernel.bindings[i]?.writes);

const readBy = ({ kernel, operands }: Dispatch): Tensor[] =>
  operands.filter((_, i) => !kernel.bindings[i]?.writes);

function parametersOf({ parameters }: Recording, dispatches: readonly Dispatch[]) {
  const used = new Set(dispatches.flatMap(({ operands }) => operands).flatMap(buffersOf));
  return parameters.filter(({ tensor }) => used.has(tensor));
}
