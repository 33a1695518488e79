import { notLoaded, UnsupportedError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { GraphTraits, Recording, TunedKernels } from '../graph/graph.ts';
import { untilAborted } from './abort.ts';
import type { TuningOptions } from './types.ts';

/** A software adapter compiles for longer than a GPU is timed: what asks for that gets a few classes at least. */
const SOFTWARE_MS = 10_000;

/** When to stop, and whom to tell. */
export interface TuningLimits {
  /** Milliseconds that timing may take; a second unless given. */
  readonly budget?: number;
  readonly signal?: AbortSignal | undefined;
  /** Gets how many classes of sizes are done, of those that are timed. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The choices, and what a person should know of them. */
export interface Tuned {
  readonly tuned?: TunedKernels;
  readonly notes: readonly string[];
}

/**
 * What computes on this device: what the caller says, what was or is now tuned, or the defaults, also where the tuner's
 * chunk does not come.
 *
 * @param record the recordings that will run, under some traits
 */
export async function tunedFor(
  gpu: Gpu,
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
  { tuned, tuning: store, signal, ...limits }: TuningOptions & TuningLimits,
): Promise<Tuned> {
  if (tuned || !store || (gpu.traits.cpu && !store.software)) return { ...(tuned && { tuned }), notes: [] };
  const usual = gpu.traits.cpu ? { budget: SOFTWARE_MS } : {};
  const tune = async (): Promise<Tuned> => {
    const tuner = await import('./tune.ts').catch((cause: unknown) => notLoaded('tuning', cause));
    if (tuner instanceof UnsupportedError) return { notes: [`kernels are not tuned: ${tuner.message}`] };
    return tuner.tunedKernels(gpu, traits, record, { store, signal, ...usual, ...limits });
  };
  return untilAborted(gpu.guard(tune()), signal);
}
