/** What a person waits for, timed one after the other. */
import { requestDevice } from '../../src/gpu/device.ts';
import { loadModel, type Model } from '../../src/index.ts';
import type { TuningStore } from '../../src/tasks/types.ts';
import { generateImage } from '../../test/weights/generated-weights.ts';
import { dispatchesOf, type Part, type PartName } from '../census/parts.ts';
import type { Host } from '../lab/host.ts';
import { type Spread, spread } from '../measure.ts';
import { inARow, type Turns } from './rounds.ts';
import type { ModelSource } from './source.ts';
import type { Stopwatch } from './stopwatch.ts';
import { type DeviceWatch, watchDevice } from './watch.ts';

export type CallName =
  | 'load'
  | 'compile'
  | 'training load'
  | PartName
  // Pictures of a training step, without the optimiser.
  | 'forward of 4'
  | 'backward of 4';

export interface CallRow {
  /** By default kernels, or by those that were tuned for the device. */
  readonly call: CallName | `${CallName}, tuned`;
  /** The first time on a new device, in milliseconds. */
  readonly cold: number;
  /** Later ones, in a row; for `load` and `compile` on another new device of the same process. */
  readonly warm: Spread;
  /** CPU time of the GPU's process over the cores, of the later ones, where it can be had. */
  readonly cpu: Spread | null;
  /** What its recordings dispatch. */
  readonly dispatches: number | null;
  /** What the device was handed, with read-backs, of one later call. */
  readonly submits: number | null;
}

/** A row whose kernels are known from elsewhere. */
export interface NamedRow extends Omit<CallRow, 'call' | 'dispatches'> {
  readonly call: CallName;
  /** Of the part of this name unless given. */
  readonly dispatches?: number;
}

/** @param parts whose recordings the calls of their names run */
export function counted(rows: readonly NamedRow[], parts: readonly Part[]): (CallRow & { call: CallName })[] {
  return rows.map((row) => {
    const part = parts.find(({ name }) => name === row.call);
    return { ...row, dispatches: row.dispatches ?? (part ? dispatchesOf(part) : null) };
  });
}

const SEED = 7;

export interface Loaded {
  readonly model: Model;
  readonly device: GPUDevice;
  readonly counts: DeviceWatch;
  readonly traits: { readonly cpu: boolean; readonly subgroups: boolean };
  readonly load: number;
  /** Until the last pipeline was there; weights are uploaded meanwhile. */
  readonly compile: number;
}

/**
 * @param file of the source's model
 * @param tuning where tuned kernels are kept; defaults compute without it
 */
export async function load(
  file: Blob,
  { storage, compute }: ModelSource,
  host: Host,
  watch: Stopwatch,
  tuning?: TuningStore,
): Promise<Loaded> {
  const { device, traits } = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  const counts = watchDevice(device);
  const start = performance.now();
  let compile = 0;
  const { value: model, ms } = await watch.time(() =>
    loadModel(file, {
      device,
      tuning,
      ...(storage && { storage }),
      ...(compute && { compute }),
      onProgress: ({ stage }) => {
        if (stage === 'compile') compile = performance.now() - start;
      },
    }),
  );
  return { model, device, counts, traits, load: ms, compile };
}

interface Lap {
  readonly ms: number;
  readonly cpu: number | null;
  readonly submits: number;
}

/** Encode, auto and click, in turns. */
export async function measureCalls(
  { model, counts, traits }: Loaded,
  watch: Stopwatch,
  turns: Turns,
): Promise<NamedRow[]> {
  const side = model.config.imageSize;
  const picture = { data: generateImage(side, side, SEED), width: side, height: side };
  // The goldens' box, as shares of the square.
  const box = [0.146, 0.195, 0.684, 0.625].map((share) => share * side) as [number, number, number, number];
  const round = async () => {
    const laps = new Map<PartName, Lap>();
    const lap = async <T>(call: PartName, work: () => Promise<T>): Promise<T> => {
      const before = counts.submits;
      const { value, ms, cpu } = await watch.time(work);
      laps.set(call, { ms, cpu, submits: counts.submits - before });
      return value;
    };
    using session = await lap('encode', () => model.setImage(picture));
    if (model.classes.length > 0) await lap('auto', () => session.predict({ mode: 'auto' }));
    await lap('click', () => session.predict({ mode: 'manual', box }));
    return laps;
  };
  const first = await round();
  const later = await inARow(turns, traits.cpu, round);
  return [...first].map(([call, cold]) => {
    const warm = later.flatMap((laps) => laps.get(call) ?? []);
    const cpu = warm.flatMap((each) => each.cpu ?? []);
    return {
      call,
      cold: cold.ms,
      warm: spread(warm.map(({ ms }) => ms)),
      cpu: cpu.length > 0 ? spread(cpu) : null,
      submits: warm.at(-1)?.submits ?? null,
    };
  });
}
