import { basename } from 'node:path';
import { PromptError } from '../../src/errors.ts';
import { requestDevice } from '../../src/gpu/device.ts';
import { type AdapterSummary, type LoadProgress, loadModel } from '../../src/index.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import type { ModelDescription } from '../../src/weights/description.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { type Dataset, loadCase } from '../dataset/dataset.ts';
import { UsageError } from '../errors.ts';
import { openFile } from '../node/files.ts';
import type { Peers } from '../node/peers.ts';
import type { Progress } from '../node/progress.ts';
import type { Terminal } from '../terminal.ts';
import type { WorstCases } from './files.ts';
import { type CaseResult, measureCase } from './measure.ts';
import type { Contender } from './report.ts';
import type { EvalRequest, Mode } from './request.ts';

/** A model file that was looked into, and the modes to measure it in. */
export interface Entry {
  readonly path: string;
  readonly file: File;
  readonly description: ModelDescription;
  readonly warnings: readonly string[];
  readonly modes: readonly Mode[];
}

/**
 * Which models stand in which modes: the first mode of the first is what was asked for, the others stand beside it.
 * @throws PromptError where auto mode was asked of a model without a prompt predictor; UsageError for `--model-classes` in
 * another mode; as `openCheckpoint`
 */
export async function planEntries(request: EvalRequest, signal: AbortSignal): Promise<[Entry, ...Entry[]]> {
  const model = await lookInto(request.model, request, signal);
  const hasPpn = model.description.config.ppn !== undefined;
  const mode = request.mode ?? (hasPpn || request.base !== undefined ? 'auto' : 'box');
  if (mode === 'auto' && !hasPpn)
    throw new PromptError(
      `${basename(request.model)} (${model.description.title}) has no prompt predictor, which auto mode needs; measure it with --mode box or --mode point, or name a Sam2Rad model`,
    );
  if (mode !== 'auto' && request.modelClasses)
    throw new UsageError(
      `--model-classes names classes that a model finds by itself, the mode is ${mode}: leave it out, or add --mode auto`,
    );
  if (mode !== 'auto') return [{ ...model, modes: [mode] }];
  if (request.base === undefined) {
    const { lora, adapters } = model.description.config;
    const changed = lora ? 'decoder' : adapters ? 'encoder' : undefined;
    const warning = `the ${changed} of ${basename(request.model)} was trained, too, so box mode is not SAM as it was; name its base with --base`;
    const warnings = changed ? [...model.warnings, warning] : model.warnings;
    return [{ ...model, warnings, modes: ['auto', 'box'] }];
  }
  const base = await lookInto(request.base, request, signal);
  return [
    { ...model, modes: ['auto'] },
    { ...base, modes: ['box'] },
  ];
}

async function lookInto(path: string, { load }: EvalRequest, signal: AbortSignal) {
  const file = await openFile(path);
  const checkpoint = await openCheckpoint(file, { signal });
  const description = describeCheckpoint(checkpoint, load.imageSize, load.preprocess);
  return { path, file, description, warnings: checkpoint.warnings };
}

/** @throws PromptError where the model has fewer classes than the data, or other ones than were named */
export function checkClasses(
  { description, path, modes }: Entry,
  dataset: Dataset,
  request: EvalRequest,
): void {
  if (!modes.includes('auto')) return;
  const has = description.config.datasets[0]?.classes ?? 0;
  const asked = request.modelClasses ?? dataset.classNames.map((_, at) => at + 1);
  if (asked.length !== dataset.classNames.length)
    throw new PromptError(
      `--model-classes names ${asked.length} classes, the data have ${dataset.classNames.length}; name one for each`,
    );
  const beyond = asked.find((number) => number > has);
  if (beyond !== undefined)
    throw new PromptError(
      `${basename(path)} has ${has} ${has === 1 ? 'class' : 'classes'}, class ${beyond} is asked for; give --classes ${has} or --model-classes`,
    );
}

interface Contended {
  readonly contenders: Contender[];
  readonly adapter: AdapterSummary;
  /** What loading it told beside the warnings of its file. */
  readonly notes: string[];
}

/** Loads a model and measures it on all cases, in each of its modes. */
export async function contend(
  entry: Entry,
  dataset: Dataset,
  work: {
    readonly request: EvalRequest;
    readonly peers: Peers;
    readonly terminal: Terminal;
    readonly progress: Progress;
    /** Of the first mode. */
    readonly worst?: WorstCases;
  },
): Promise<Contended> {
  const { request, peers, terminal, progress, worst } = work;
  const { signal } = terminal;
  const { device } = await requestDevice({ gpu: await peers.openGpu() });
  try {
    using model = await (terminal.loadModel ?? loadModel)(entry.file, {
      device,
      signal,
      onProgress: ({ stage, loaded, total }: LoadProgress) =>
        progress.show(stage, total > 0 ? loaded / total : undefined),
      ...request.load,
    });
    const results = new Map<Mode, CaseResult[]>(entry.modes.map((mode) => [mode, []]));
    for (const [at, one] of dataset.cases.entries()) {
      const label = `${entry.modes.join(' and ')} ${one.name}`;
      progress.show(label, at / dataset.cases.length);
      const example = await loadCase(peers.sharp, one);
      using session = await model.setImage(example.picture, { signal });
      for (const [mode, list] of results) {
        const options = { ...request, signal };
        const measured = await measureCase(model, session, example, dataset.classNames.length, mode, options);
        list.push(measured.result);
        if (mode === entry.modes[0]) worst?.consider(measured);
      }
    }
    const facts = { file: entry.path, title: entry.description.title, storage: model.storage };
    const contenders = [...results].map(([mode, cases]) => ({ mode, model: facts, cases }));
    const notes = model.warnings.filter((text) => !entry.warnings.includes(text));
    return { contenders, adapter: model.adapter, notes };
  } finally {
    device.destroy();
  }
}
