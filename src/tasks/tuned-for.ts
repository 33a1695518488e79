import type { Gpu } from '../gpu/device.ts';
import type { GraphTraits, Recording, TunedKernels } from '../graph/graph.ts';
import { untilAborted } from './abort.ts';
import type { TuningOptions } from './types.ts';

/** A software adapter compiles for longer than a GPU is timed: what asks for that gets a few classes at least. */
const SOFTWARE_MS = 10_000;

/**
 * What computes on this device: what the caller says, what was or is now tuned, or the defaults.
 *
 * @param record the recordings that will run, under some traits
 * @param options with the milliseconds that timing may take, if not the second that is usual
 */
export async function tunedFor(
  gpu: Gpu,
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
  {
    tuned,
    tuning: store,
    signal,
    ...limits
  }: TuningOptions & { readonly budget?: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly tuned?: TunedKernels; readonly notes: readonly string[] }> {
  if (tuned || !store || (gpu.traits.cpu && !store.software)) return { ...(tuned && { tuned }), notes: [] };
  const usual = gpu.traits.cpu ? { budget: SOFTWARE_MS } : {};
  const { tunedKernels } = await import('./tune.ts');
  const tuning = tunedKernels(gpu, traits, record, { store, signal, ...usual, ...limits });
  return untilAborted(gpu.guard(tuning), signal);
}
