import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { GraphTraits, Recording } from '../graph/graph.ts';
import { type Contest, contestsOf } from './contests.ts';
import { type Kept, keptText, readKept } from './kept-tuning.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Tuned, TuningLimits } from './tuned-for.ts';
import type { TuningStore } from './types.ts';

/** Milliseconds that tuning may take: what is not reached keeps its default. */
const BUDGET_MS = 1000;
/** What another variant must be faster by: noise shall not choose. */
const GAIN = 0.97;

/**
 * What was tuned on this device before, and now what was not: the classes of these recordings that the store does not
 * know of it. What is damaged or of another engine is timed again; what other devices left there stays.
 *
 * @returns the choices, and a sentence for each thing that a person should know
 */
export async function tunedKernels(
  gpu: Gpu,
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
  { store, ...limits }: { readonly store: TuningStore } & TuningLimits,
): Promise<Required<Tuned>> {
  const { vendor, architecture, description } = gpu.adapter;
  const device = [vendor, architecture, description].join(' ');
  const notes: string[] = [];
  const attempt = async <T>(what: string, when: string, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      notes.push(`what was tuned could not be ${what} (${why}): it is timed again ${when}`);
      return undefined;
    }
  };
  const { devices, note } = readKept((await attempt('read', 'now', () => store.read())) ?? null);
  if (note !== undefined) notes.push(note);
  const known = devices.get(device) ?? {};
  const contests = await contestsOf(traits, record);
  const tuned: Record<string, string> = {};
  const open = contests.filter(({ sizeClass, contestants, kernels }) => {
    const own = known[sizeClass];
    if (own?.kernels !== kernels || !contestants.has(own.variant)) return true;
    tuned[sizeClass] = own.variant;
    return false;
  });
  const timed = await tuneKernels(gpu, open, limits);
  Object.assign(tuned, timed.tuned);
  notes.push(...timed.notes);
  const all: Record<string, Kept> = { ...known };
  for (const { sizeClass, kernels } of open) {
    const variant = timed.tuned[sizeClass];
    if (variant !== undefined) all[sizeClass] = { variant, kernels };
  }
  if (Object.keys(timed.tuned).length > 0)
    await attempt('kept', 'next time', () => store.write(keptText(devices, device, all)));
  return { tuned, notes };
}

/**
 * Finds the fastest variant of every class, by timing each on this device, within a second. Nothing of a model is on the
 * GPU for it. A variant that the device refuses is left out; where that is the default, nothing is chosen.
 */
export async function tuneKernels(
  gpu: Gpu,
  contests: readonly Contest[],
  { budget = BUDGET_MS, signal, onProgress }: TuningLimits = {},
): Promise<Required<Tuned>> {
  const deadline = performance.now() + budget;
  const stopwatch = new Stopwatch(gpu);
  const tuned: Record<string, string> = {};
  const refusals: string[] = [];
  /** The times of a class; of its default none where the device refuses it, nothing at all where there was no time. */
  const timesOf = async ({ sizeClass, contestants }: Contest) => {
    const times = new Map<string, number>();
    for (const [name, dispatches] of contestants) {
      signal?.throwIfAborted();
      if (performance.now() >= deadline) return undefined;
      try {
        times.set(name, await stopwatch.time(dispatches));
      } catch (error) {
        if (!(error instanceof GpuError)) throw error;
        const [why] = error.message.split('\n');
        refusals.push(`'${name}' of '${sizeClass}' (${why})`);
        stopwatch.dispose();
        await hearAll(gpu);
        // There is nothing to compare the others with.
        if (times.size === 0) break;
      }
    }
    return times;
  };
  for (const [done, contest] of contests.entries()) {
    onProgress?.(done, contests.length);
    const times = await timesOf(contest).finally(() => stopwatch.dispose());
    if (!times) break;
    const [[usual, own] = []] = times;
    if (usual === undefined || own === undefined) continue;
    const [best, fastest] = [...times].reduce((a, b) => (b[1] < a[1] ? b : a));
    tuned[contest.sizeClass] = fastest < GAIN * own ? best : usual;
  }
  // What was not reached in time will not be.
  if (contests.length > 0) onProgress?.(contests.length, contests.length);
  const [first] = refusals;
  const more = refusals.length > 1 ? ` and ${refusals.length - 1} more` : '';
  const notes =
    first === undefined ? [] : [`variants of kernels failed here and are not used: ${first}${more}`];
  return { tuned, notes };
}

/** What else the device says of what it refused must not be laid to the next variant. */
async function hearAll(gpu: Gpu): Promise<void> {
  try {
    await gpu.settle();
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
  }
}
