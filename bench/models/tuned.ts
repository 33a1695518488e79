/** The same calls by kernels that were tuned for the device, as a page on a GPU has them. */
import type { TunedKernels } from '../../src/index.ts';
import type { StageContext } from '../../src/tasks/recordings.ts';
import type { TuningStore } from '../../src/tasks/types.ts';
import { type Part, partsOf } from '../census/parts.ts';
import type { Host } from '../lab/host.ts';
import { spread } from '../measure.ts';
import { type CallRow, counted, load, measureCalls } from './calls.ts';
import type { Turns } from './rounds.ts';
import { type ModelSource, trains } from './source.ts';
import type { Stopwatch } from './stopwatch.ts';
import { measureTraining } from './training.ts';

/** What tuning came to. */
export interface Tuned {
  /** Classes of sizes that were timed: of encode, click and auto, and of training besides. */
  readonly classes: number;
  /** Those that another variant than the default computes now. */
  readonly changed: TunedKernels;
}

/** Kept as long as the measuring lasts, so that each run tunes anew. */
function forgetful(): TuningStore {
  let kept: string | null = null;
  return {
    // Whoever measures a software adapter this way has asked for it.
    software: true,
    read: async () => kept,
    write: async (text) => {
      kept = text;
    },
  };
}

export async function measureTuned(
  file: Blob,
  source: ModelSource,
  context: StageContext,
  host: Host,
  watch: Stopwatch,
  turns: Turns,
): Promise<{ readonly tuned: Tuned; readonly calls: CallRow[] }> {
  const store = forgetful();
  const loaded = await load(file, source, host, watch, store);
  host.say('tuned: loaded');
  const calls = await measureCalls(loaded, watch, turns);
  let tuned = loaded.model.tuned;
  loaded.model.dispose();
  loaded.device.destroy();
  const { imageSize } = context.config;
  const training = trains(source, context)
    ? await measureTraining(file, host, watch, turns, store)
    : undefined;
  if (training) tuned = { ...tuned, ...training.tuned };
  const parts = partsOf({ ...context, traits: { ...context.traits, tuned } }, imageSize);
  const rows = [
    { call: 'load', cold: loaded.load, warm: spread([]), cpu: null, submits: null } as const,
    ...calls,
    ...(training?.calls ?? []),
  ];
  return {
    tuned: { classes: Object.keys(tuned).length, changed: changedIn(tuned, parts) },
    calls: counted(rows, parts).map((row) => ({ ...row, call: `${row.call}, tuned` })),
  };
}

/** What differs from the defaults: each dispatch says what it was chosen from. */
export function changedIn(tuned: TunedKernels, parts: readonly Part[]): TunedKernels {
  const choices = parts
    .flatMap(({ recordings }) => recordings.flatMap(({ dispatches }) => dispatches))
    .flatMap(({ choice }) => choice ?? []);
  const usual = new Map(choices.map(({ sizeClass, variants }) => [sizeClass, variants[0]]));
  return Object.fromEntries(
    Object.entries(tuned).filter(([sizeClass, variant]) => usual.get(sizeClass) !== variant),
  );
}
