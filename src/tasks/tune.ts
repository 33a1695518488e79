import { bufferUsage, type Gpu } from '../gpu/device.ts';
import { type BoundDispatch, Executable } from '../gpu/executor.ts';
import { textOf } from '../gpu/kernel.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import type { Dispatch, GraphTraits, Recording, TunedKernels } from '../graph/graph.ts';
import { trafficOf } from '../graph/graph.ts';
import { bytesOf, type Tensor } from '../graph/tensor.ts';
import type { TuningStore } from './types.ts';

/** Milliseconds that tuning may take: what is not reached keeps its default. */
const BUDGET_MS = 1000;
/** A measurement lasts at least this long, as far as `MOST_REPEATS` reach: clocks are coarse. */
const MEASURED_MS = 2;
const MOST_REPEATS = 64;
const ROUNDS = 3;
/** What another variant must be faster by: noise shall not choose. */
const GAIN = 0.97;

/** A class of sizes, its dispatch by each variant, and how much of the models' arithmetic it is. */
export interface Contest {
  readonly sizeClass: string;
  readonly contestants: ReadonlyMap<string, Dispatch>;
  /** Fingerprint of the texts of all its kernels. */
  readonly kernels: string;
  readonly flops: number;
}

/** When to stop. */
interface Limits {
  /** Milliseconds; 1000 unless given. */
  readonly budget?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Kept {
  readonly variant: string;
  /** The contest's: another version of the engine times again. */
  readonly kernels: string;
}

/**
 * What was tuned on this device before, and now what was not: the classes of these recordings that the store does not
 * know. What another device or driver left there is timed again, and so is what is damaged.
 *
 * @returns the choices, and a sentence for each thing about the store that a person should know
 */
export async function tunedKernels(
  gpu: Gpu,
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
  { store, ...limits }: { readonly store: TuningStore } & Limits,
): Promise<{ readonly tuned: TunedKernels; readonly notes: readonly string[] }> {
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
  const kept = await attempt('read', 'now', () => store.read());
  const { known, note } = keptFor(device, kept ?? null);
  if (note !== undefined) notes.push(note);
  const contests = await contestsOf(traits, record);
  const tuned: Record<string, string> = {};
  const open = contests.filter(({ sizeClass, contestants, kernels }) => {
    const own = known[sizeClass];
    if (own?.kernels !== kernels || !contestants.has(own.variant)) return true;
    tuned[sizeClass] = own.variant;
    return false;
  });
  const timed = await tuneKernels(gpu, open, limits);
  Object.assign(tuned, timed);
  const all: Record<string, Kept> = { ...known };
  for (const { sizeClass, kernels } of open) {
    const variant = timed[sizeClass];
    if (variant !== undefined) all[sizeClass] = { variant, kernels };
  }
  if (Object.keys(timed).length > 0)
    await attempt('kept', 'next time', () => store.write(JSON.stringify({ device, tuned: all })));
  return { tuned, notes };
}

/** What the text says of this device, and what is wrong with it: nothing is known of it then. */
function keptFor(
  device: string,
  text: string | null,
): { readonly known: Readonly<Record<string, Kept>>; readonly note?: string } {
  if (text === null) return { known: {} };
  const value = parsed(text);
  if (!isRecord(value) || typeof value['device'] !== 'string' || !isRecord(value['tuned']))
    return { known: {}, note: 'what was tuned before is damaged: it is timed again now' };
  if (value['device'] !== device)
    return {
      known: {},
      note: `what was tuned before was tuned on '${value['device']}', this is '${device}': it is timed again now`,
    };
  const entries = Object.entries(value['tuned']).flatMap(([sizeClass, kept]): [string, Kept][] => {
    if (!isRecord(kept)) return [];
    const { variant, kernels } = kept;
    return typeof variant === 'string' && typeof kernels === 'string'
      ? [[sizeClass, { variant, kernels }]]
      : [];
  });
  return { known: Object.fromEntries(entries) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** FNV-1a of all contestants' texts. */
async function fingerprint(contestants: ReadonlyMap<string, Dispatch>): Promise<string> {
  let hash = 0x811c9dc5;
  for (const [name, { kernel, tuning }] of contestants)
    for (const letter of `${name}${await textOf(kernel)}${JSON.stringify(tuning)}`)
      hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16);
}

/**
 * Finds the fastest variant of every class, by timing each on this device, within a second. Nothing of a model is on the
 * GPU for it.
 */
export async function tuneKernels(
  gpu: Gpu,
  contests: readonly Contest[],
  { budget = BUDGET_MS, signal }: Limits = {},
): Promise<TunedKernels> {
  const deadline = performance.now() + budget;
  const pipelines = new PipelineCache(gpu);
  const tuned: Record<string, string> = {};
  for (const { sizeClass, contestants } of contests) {
    const times = new Map<string, number>();
    const scratch = new Scratch(gpu);
    try {
      for (const [name, dispatch] of contestants) {
        signal?.throwIfAborted();
        if (performance.now() >= deadline) return tuned;
        times.set(name, await timeOf(gpu, pipelines, scratch.bind(dispatch)));
      }
    } finally {
      scratch.dispose();
    }
    const [usual = ''] = contestants.keys();
    const [best, fastest] = [...times].reduce((a, b) => (b[1] < a[1] ? b : a));
    tuned[sizeClass] = fastest < GAIN * (times.get(usual) ?? 0) ? best : usual;
  }
  return tuned;
}

/**
 * Every class with more than one variant; those with the most arithmetic first.
 *
 * @param record a model's recordings under some traits
 */
export async function contestsOf(
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
): Promise<readonly Contest[]> {
  const dispatchesOf = (tuned?: TunedKernels) =>
    record({ ...traits, tuned }).flatMap(({ dispatches }) => dispatches);
  const flops = new Map<string, number>();
  const variants = new Map<string, readonly string[]>();
  for (const { choice, flops: own } of dispatchesOf()) {
    if (!choice || choice.variants.length < 2) continue;
    flops.set(choice.sizeClass, (flops.get(choice.sizeClass) ?? 0) + own);
    variants.set(choice.sizeClass, choice.variants);
  }
  const contestants = new Map<string, Map<string, Dispatch>>();
  const most = Math.max(0, ...[...variants.values()].map(({ length }) => length));
  for (let i = 0; i < most; i++) {
    const nth: Record<string, string> = {};
    for (const [sizeClass, { [i]: name }] of variants) if (name !== undefined) nth[sizeClass] = name;
    for (const dispatch of dispatchesOf(nth)) {
      const { sizeClass = '' } = dispatch.choice ?? {};
      const name = nth[sizeClass];
      if (name === undefined) continue;
      const own = contestants.get(sizeClass) ?? new Map<string, Dispatch>();
      if (!own.has(name)) own.set(name, dispatch);
      contestants.set(sizeClass, own);
    }
  }
  const contests = [...contestants].map(async ([sizeClass, own]) => ({
    ...{ sizeClass, contestants: own, kernels: await fingerprint(own) },
    flops: flops.get(sizeClass) ?? 0,
  }));
  return (await Promise.all(contests)).sort((a, b) => b.flops - a.flops);
}

/** Milliseconds of one dispatch: the least of some rounds, after a first run that pays for what is made only once. */
async function timeOf(gpu: Gpu, pipelines: PipelineCache, dispatch: BoundDispatch): Promise<number> {
  const run = async (repeats: number) => {
    const executable = await Executable.create(gpu, pipelines, 'tuning', Array(repeats).fill(dispatch));
    try {
      await executable.run();
      await gpu.finish();
      const started = performance.now();
      await executable.run();
      await gpu.finish();
      return (performance.now() - started) / repeats;
    } finally {
      executable.dispose();
    }
  };
  let best = await run(1);
  const repeats = Math.min(MOST_REPEATS, Math.ceil(MEASURED_MS / best));
  for (let round = 1; round < ROUNDS && best < MEASURED_MS * ROUNDS; round++)
    best = Math.min(best, await run(repeats));
  return best;
}

/** Buffers of zeros in place of a dispatch's operands, shared by the contestants of a class. */
class Scratch {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  bind(dispatch: Dispatch): BoundDispatch {
    const seen = new Map<Tensor, number>();
    const buffers = dispatch.operands.map((tensor) => {
      const at = seen.get(tensor) ?? seen.size;
      seen.set(tensor, at);
      return { buffer: this.#buffer(at, bytesOf(tensor)) };
    });
    return { ...dispatch, label: 'tuning', buffers, bytes: trafficOf(dispatch) };
  }

  #buffer(at: number, bytes: number): GPUBuffer {
    const key = `${at} ${bytes}`;
    const buffer =
      this.#buffers.get(key) ?? this.#gpu.createBuffer(`tuning.${at}`, bytes, bufferUsage.STORAGE);
    this.#buffers.set(key, buffer);
    return buffer;
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
  }
}
