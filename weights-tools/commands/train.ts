import { dirname } from 'node:path';
import { requestDevice } from '../../src/gpu/device.ts';
import { meanDice } from '../../src/tasks/train/curves.ts';
import type { TrainingJob, TrainingProgress } from '../../src/tasks/train/job.ts';
import { planTraining, type TrainingMemory } from '../../src/tasks/train/memory.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { longDuration, megabytes } from '../format.ts';
import { makeFolder, openFile } from '../node/files.ts';
import { loadPeers } from '../node/peers.ts';
import { Progress } from '../node/progress.ts';
import { printable, type Terminal } from '../terminal.ts';
import { Curves } from '../train/curves.ts';
import type { StartTraining } from '../train/engine.ts';
import { runToEnd } from '../train/loop.ts';
import { Monitor } from '../train/monitor.ts';
import { planTrainOutputs, type TrainOutputs } from '../train/outputs.ts';
import { examplesOf, prepareData } from '../train/prepare.ts';
import { CURVES_KEY, makeRecord, sha256Of } from '../train/record.ts';
import { parseTrain } from '../train/request.ts';
import { checkSameRun, readRecord, resolveChoices } from '../train/resume.ts';

/** A step on a CPU, and a checkpoint on a slow disk, may take this long after Ctrl-C. */
const PATIENCE_MS = 120_000;

/** `sam2rad train`: labelled pictures and a base to a model that prompts itself. */
export async function train(argv: readonly string[], terminal: Terminal): Promise<number> {
  const request = parseTrain(argv);
  if (typeof request === 'string') {
    terminal.out(request);
    return 0;
  }
  const { signal } = terminal;
  const outputs = planTrainOutputs(request.output, [request.base]);
  const base = await openFile(request.base);
  const { title } = describeCheckpoint(await openCheckpoint(base, { signal }));
  const resumed = request.resume === undefined ? undefined : await openRun(request.resume, signal);
  const choices = resolveChoices(request.given, resumed?.record);
  const peers = await loadPeers();
  const sharp = peers.sharp;

  const progress = new Progress(terminal.err, request.json);
  const warn = (text: string) => {
    progress.clear();
    terminal.err.write(`sam2rad: ${printable(text)}\n`);
  };
  try {
    const data = await prepareData(sharp, request.dataset, choices, {
      signal,
      onProgress: (done, total) => progress.show('reading pictures', done / total),
    });
    for (const warning of data.warnings) warn(`warning: ${warning}`);
    const { training, validation, classNames } = data;
    const measured: Measured = validation.length > 0 ? 'validation' : 'training';
    const planned = makeRecord({
      ...{ choices, classNames, training, validation },
      software: peers.versions,
      base: { file: request.base, title, sha256: await sha256Of(base, signal) },
    });
    if (resumed) checkSameRun(resumed.record, planned);
    const curves = resumed ? Curves.fromCsv(resumed.curves, classNames) : new Curves(classNames);
    await makeFolder(dirname(outputs.model));

    const started = performance.now();
    const { device, traits } = await requestDevice({ gpu: await peers.openGpu() });
    using _ = { [Symbol.dispose]: () => device.destroy() };
    const start: StartTraining = terminal.startTraining ?? (await import('../train/start.ts')).startTraining;
    const job: TrainingJob = {
      base,
      datasetName: data.name,
      classNames,
      training: examplesOf(sharp, training),
      validation: examplesOf(sharp, measured === 'validation' ? validation : training),
      settings: choices,
      validateEvery: request.checkpointEvery,
      ...(resumed && { resume: resumed.file }),
      tuning: request.tuning,
      device,
      signal,
      onProgress: ({ stage, loaded, total }: TrainingProgress) =>
        progress.show(stage, total > 0 ? loaded / total : undefined),
    };
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const limits = {
      binding: Math.min(maxBufferSize, maxStorageBufferBindingSize),
      total: request.memoryLimit ?? Number.POSITIVE_INFINITY,
    };
    const memory = await planTraining(job, limits, traits);
    if (!request.json) warn(memoryText(memory));
    using run = await start(job);
    for (const warning of run.warnings) warn(`warning: ${warning}`);
    const record = { ...planned, adapter: run.adapter, tuned: run.tuned, memory };
    const monitor = new Monitor(progress, { epochs: choices.epochs, steps: run.steps, measured });
    terminal.waitAfterCancel?.(PATIENCE_MS);
    const onAbort = () => warn('stopping after this step; Ctrl-C again stops at once');
    signal.addEventListener('abort', onAbort, { once: true });
    await runToEnd(run, {
      ...{ outputs, record, curves, signal, warn },
      checkpointEvery: request.checkpointEvery,
      layout: request.layout,
      onEvent: (event) => monitor.show(event),
    });
    signal.removeEventListener('abort', onAbort);
    progress.clear();
    const seconds = (performance.now() - started) / 1000;
    const report = {
      ...summary(curves, outputs),
      measured,
      seconds,
      warnings: [...data.warnings, ...run.warnings],
      record,
    };
    terminal.out(request.json ? JSON.stringify(report, null, 2) : reportText(report));
    return 0;
  } finally {
    progress.clear();
  }
}

function memoryText({ total, activations, learned, frozen }: TrainingMemory): string {
  const parts = `activations ${megabytes(activations)}, what is trained ${megabytes(learned)}, frozen weights ${megabytes(frozen)}`;
  return `the training takes ${megabytes(total)} on the GPU, as planned: ${parts}`;
}

/** A checkpoint to go on from. */
async function openRun(path: string, signal: AbortSignal) {
  const file = await openFile(path);
  const { metadata } = await openCheckpoint(file, { signal });
  return { file, record: readRecord(path, metadata), curves: metadata[CURVES_KEY] ?? '' };
}

function summary(curves: Curves, files: TrainOutputs) {
  const last = curves.validations.at(-1);
  return {
    files,
    steps: curves.steps.length,
    loss: curves.steps.at(-1)?.losses ?? null,
    dice: {
      mean: last ? meanDice(last) : null,
      classes: curves.classNames.map((name, at) => ({ class: at + 1, name, dice: last?.dice[at] ?? null })),
    },
  };
}

type Measured = 'validation' | 'training';

type Report = ReturnType<typeof summary> & {
  readonly measured: Measured;
  readonly seconds: number;
};

function reportText({ files, steps, loss, dice, measured, seconds }: Report): string {
  const classes = dice.classes.map(({ name, dice: one }) => `${name} ${one?.toFixed(3) ?? '-'}`);
  return [
    `${steps} steps in ${longDuration(seconds * 1000)}, loss ${loss?.total.toPrecision(4) ?? '-'}`,
    `  Dice of the ${measured} pictures: ${classes.join(', ')}`,
    `  ${[files.model, files.csv, files.svg, files.record].join(' ')}`,
  ].join('\n');
}
