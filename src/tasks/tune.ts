import type { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import type { GraphTraits, Recording } from '../graph/graph.ts';
import { type Contest, contestsOf } from './contests.ts';
import { type Kept, keptText, readKept } from './kept-tuning.ts';
import { race } from './race.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Tuned, TuningLimits } from './tuned-for.ts';
import type { TuningStore } from './types.ts';
import { hearAll, Waker } from './waker.ts';

/** Milliseconds that tuning may take: what is not reached keeps its default. */
const BUDGET_MS = 1000;
/** What another variant must be faster by: noise shall not choose. */
const GAIN = 0.97;
/**
 * Classes whose variants are compiled at once, after 1, 2 and 4: the device waits for it, and a clock that fell meanwhile
 * takes its time to rise. More would be compiled in vain where time is up.
 */
const MOST_AT_ONCE = 8;

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
  const { vendor, architecture, device: model, description } = gpu.adapter;
  const device = [vendor, architecture, model, description].join(' ');
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
  const isOver = () => {
    signal?.throwIfAborted();
    return performance.now() >= deadline;
  };
  const pipelines = new PipelineCache(gpu);
  const stopwatch = new Stopwatch(gpu, pipelines);
  const waker = new Waker(gpu, pipelines, contests);
  const tuned: Record<string, string> = {};
  const refusals: string[] = [];
  /** @returns whether there was time for it */
  const decide = async ({ sizeClass, contestants }: Contest) => {
    const refused = (variant: string, { message }: GpuError) => {
      const [why] = message.split('\n');
      refusals.push(`'${variant}' of '${sizeClass}' (${why})`);
      return hearAll(gpu);
    };
    const times = await race(stopwatch, contestants, { isOver, refused }).finally(() => stopwatch.dispose());
    const [usual = ''] = contestants.keys();
    const own = times?.get(usual);
    if (!times || own === undefined) return times !== undefined;
    const [best, fastest] = [...times].reduce((a, b) => (b[1] < a[1] ? b : a));
    tuned[sizeClass] = fastest < GAIN * own ? best : usual;
    return true;
  };
  let done = 0;
  const tell = () => contests.length > 0 && onProgress?.(done, contests.length);
  tell();
  try {
    for (let size = 1; done < contests.length && !isOver(); size = Math.min(2 * size, MOST_AT_ONCE)) {
      const next = contests.slice(done, done + size);
      const dispatches = next.flatMap(({ contestants }) => [...contestants.values()].flat());
      await Promise.allSettled(dispatches.map(({ kernel, tuning }) => pipelines.compile(kernel, tuning)));
      // Whoever enters a variant that does not compile is told again.
      await hearAll(gpu);
      await waker.wake(isOver);
      for (const contest of next) {
        if (!(await decide(contest))) break;
        done += 1;
        tell();
      }
    }
  } finally {
    waker.dispose();
  }
  // What was not reached in time will not be.
  if (done < contests.length) onProgress?.(contests.length, contests.length);
  const [first] = refusals;
  const more = refusals.length > 1 ? ` and ${refusals.length - 1} more` : '';
  const notes =
    first === undefined ? [] : [`variants of kernels failed here and are not used: ${first}${more}`];
  return { tuned, notes };
}
