/** Times what a person waits for: loading, a picture, a click, a step of training; the first time and later ones apart. */
import type { AdapterSummary } from '../../src/index.ts';
import { describeModel } from '../../src/tasks/describe.ts';
import { partsOf } from '../census/parts.ts';
import type { Host } from '../lab/host.ts';
import { spread } from '../measure.ts';
import type { Backward } from './backward.ts';
import { type CallRow, counted, load, measureCalls, type NamedRow } from './calls.ts';
import type { Turns } from './rounds.ts';
import { contextOf, fileOf, type ModelSource, type OpenFile, trains } from './source.ts';
import { Stopwatch } from './stopwatch.ts';
import { measureTraining } from './training.ts';
import { measureTuned, type Tuned } from './tuned.ts';

export interface ModelReport {
  readonly adapter: AdapterSummary;
  readonly model: string;
  readonly imageSize: number;
  readonly storage: string;
  readonly calls: readonly CallRow[];
  /** Bytes. */
  readonly memory: {
    readonly plannedWeights: number;
    readonly plannedPeak: number;
    readonly weights: number;
    readonly activations: number;
    /** All buffers of the device at once, staging and parameters too: encode, auto and click. */
    readonly actualPeak: number;
    readonly trainingPeak: number | null;
  };
  /** Of a training step; null for a model without one. */
  readonly backward: Backward | null;
  /** What tuning chose; null where it was not measured. */
  readonly tuned: Tuned | null;
  readonly remarks: readonly string[];
}

export interface ModelOptions extends Turns {
  /** Tuned kernels on a software adapter, too, where compiling their variants takes minutes. */
  readonly tuned: boolean;
}

/** All of it, but for what disturbed the measuring. */
export async function measureModel(
  source: ModelSource,
  host: Host,
  open: OpenFile,
  { tuned: asked, ...turns }: ModelOptions,
): Promise<Omit<ModelReport, 'remarks'>> {
  const file = await fileOf(source, open);
  const watch = new Stopwatch(host);
  const first = await load(file, source, host, watch);
  host.say(`${source.name}: loaded in ${(first.load / 1000).toFixed(1)} s`);
  const { imageSize } = first.model.config;
  const calls = await measureCalls(first, watch, turns);
  const { model, device } = first;
  const { weights, planned } = model.memory;
  const actualPeak = first.counts.peak;
  const { storage, adapter } = model;
  model.dispose();
  device.destroy();
  host.say(`${source.name}: encode, auto and click are measured`);

  const second = await load(file, source, host, watch);
  second.model.dispose();
  second.device.destroy();
  const context = await contextOf(source, first.traits, open);
  const parts = partsOf(context, imageSize);
  const training = trains(source, context) ? await measureTraining(file, host, watch, turns) : undefined;
  const tuned =
    asked || !first.traits.cpu ? await measureTuned(file, source, context, host, watch, turns) : undefined;
  const cost = await describeModel(context.config, context.traits);
  const once = { cpu: null, submits: null };
  const rows: readonly NamedRow[] = [
    { call: 'load', cold: first.load, warm: spread([second.load]), ...once },
    { call: 'compile', cold: first.compile, warm: spread([second.compile]), ...once },
    ...calls,
    ...(training?.calls ?? []),
  ];
  return {
    adapter,
    model: source.name,
    imageSize,
    storage,
    calls: [...counted(rows, parts), ...(tuned?.calls ?? [])],
    memory: {
      plannedWeights: cost.weightBytes,
      plannedPeak: cost.weightBytes + cost.peakBytes,
      weights,
      activations: planned,
      actualPeak,
      trainingPeak: training?.peak ?? null,
    },
    backward: training?.backward ?? null,
    tuned: tuned?.tuned ?? null,
  };
}
