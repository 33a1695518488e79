/** Times what a person waits for: loading, a picture, a click, a step of training; the first time and later ones apart. */
import { requestDevice } from '../../src/gpu/device.ts';
import { type AdapterSummary, loadModel, type Model } from '../../src/index.ts';
import { describeModel } from '../../src/tasks/describe.ts';
import { generateImage } from '../../test/weights/generated-weights.ts';
import { dispatchesOf, type PartName, partsOf } from '../census/parts.ts';
import type { Host } from '../lab/host.ts';
import { type Spread, spread } from '../measure.ts';
import { contextOf, fileOf, type ModelSource, type OpenFile } from './source.ts';
import { Stopwatch } from './stopwatch.ts';
import { measureTraining } from './training.ts';
import { type DeviceWatch, watchDevice } from './watch.ts';

export type CallName = 'load' | 'compile' | 'training load' | PartName;

export interface CallRow {
  readonly call: CallName;
  /** The first time on a new device, in milliseconds. */
  readonly cold: number;
  /** Later ones; for `load` and `compile` on another new device of the same process. */
  readonly warm: Spread;
  /** CPU time of the GPU's process over the cores, of the later ones, where it can be had. */
  readonly cpu: Spread | null;
  /** What its recordings dispatch. */
  readonly dispatches: number | null;
  /** What the device was handed, with read-backs, of one later call. */
  readonly submits: number | null;
}

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
}

export interface ModelOptions {
  readonly rounds: number;
  /** After so long no further round of a kind begins. */
  readonly budgetMs: number;
}

const SEED = 7;

export async function measureModel(
  source: ModelSource,
  host: Host,
  open: OpenFile,
  { rounds, budgetMs }: ModelOptions,
): Promise<ModelReport> {
  const file = await fileOf(source, open);
  const watch = new Stopwatch(host);
  const first = await load(file, host, watch);
  host.say(`${source.name}: loaded in ${(first.load / 1000).toFixed(1)} s`);
  const { imageSize } = first.model.config;
  const calls = await measureCalls(first, watch, { rounds, budgetMs });
  const { model, device } = first;
  const { weights, planned } = model.memory;
  const actualPeak = first.counts.peak;
  const { storage, adapter } = model;
  model.dispose();
  device.destroy();
  host.say(`${source.name}: encode, auto and click are measured`);

  const second = await load(file, host, watch);
  second.model.dispose();
  second.device.destroy();
  const context = await contextOf(source, first.traits, open);
  const parts = partsOf(context, imageSize);
  const training = parts.some(({ name }) => name === 'train step')
    ? await measureTraining(file, host, watch, { rounds, budgetMs })
    : undefined;
  const cost = await describeModel(context.config, context.traits);
  const dispatches = (call: CallName) => {
    const part = parts.find(({ name }) => name === call);
    return part ? dispatchesOf(part) : null;
  };
  const once = { cpu: null, submits: null };
  const rows: Omit<CallRow, 'dispatches'>[] = [
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
    calls: rows.map((row) => ({ ...row, dispatches: dispatches(row.call) })),
    memory: {
      plannedWeights: cost.weightBytes,
      plannedPeak: cost.weightBytes + cost.peakBytes,
      weights,
      activations: planned,
      actualPeak,
      trainingPeak: training?.peak ?? null,
    },
  };
}

interface Loaded {
  readonly model: Model;
  readonly device: GPUDevice;
  readonly counts: DeviceWatch;
  readonly traits: { readonly cpu: boolean; readonly subgroups: boolean };
  readonly load: number;
  /** Until the last pipeline was there; weights are uploaded meanwhile. */
  readonly compile: number;
}

async function load(file: Blob, host: Host, watch: Stopwatch): Promise<Loaded> {
  const { device, traits } = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  const counts = watchDevice(device);
  const start = performance.now();
  let compile = 0;
  const { value: model, ms } = await watch.time(() =>
    loadModel(file, {
      device,
      onProgress: ({ stage }) => {
        if (stage === 'compile') compile = performance.now() - start;
      },
    }),
  );
  return { model, device, counts, traits, load: ms, compile };
}

async function measureCalls(
  { model, counts }: Loaded,
  watch: Stopwatch,
  { rounds, budgetMs }: ModelOptions,
): Promise<Omit<CallRow, 'dispatches'>[]> {
  const side = model.config.imageSize;
  const picture = { data: generateImage(side, side, SEED), width: side, height: side };
  // The goldens' box, as shares of the square.
  const box = [0.146, 0.195, 0.684, 0.625].map((share) => share * side) as [number, number, number, number];
  const laps = new Map<PartName, { ms: number; cpu: number | null; submits: number }[]>();
  const lap = async <T>(call: PartName, work: () => Promise<T>): Promise<T> => {
    const before = counts.submits;
    const { value, ms, cpu } = await watch.time(work);
    laps.set(call, [...(laps.get(call) ?? []), { ms, cpu, submits: counts.submits - before }]);
    return value;
  };
  const begin = performance.now();
  for (let round = 0; round <= rounds; round++) {
    if (round > 1 && performance.now() - begin > budgetMs) break;
    using session = await lap('encode', () => model.setImage(picture));
    if (model.classes.length > 0) await lap('auto', () => session.predict({ mode: 'auto' }));
    await lap('click', () => session.predict({ mode: 'manual', box }));
  }
  return [...laps].map(([call, [first, ...later]]) => {
    const cpu = later.flatMap((each) => each.cpu ?? []);
    return {
      call,
      cold: first?.ms ?? Number.NaN,
      warm: spread(later.map(({ ms }) => ms)),
      cpu: cpu.length > 0 ? spread(cpu) : null,
      submits: later.at(-1)?.submits ?? null,
    };
  });
}
