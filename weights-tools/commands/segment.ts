import { basename, dirname } from 'node:path';
import { PictureError, PromptError } from '../../src/errors.ts';
import { requestDevice } from '../../src/gpu/device.ts';
import { type LoadProgress, loadModel, type Prediction, type PredictOptions } from '../../src/index.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import type { ModelDescription } from '../../src/weights/description.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { FileError } from '../errors.ts';
import { LazyModel } from '../lazy-model.ts';
import { makeFolder, openFile, refuseFolder, writeAtomically } from '../node/files.ts';
import { loadPeers } from '../node/peers.ts';
import { encodePng, type Picture, readPicture } from '../node/pictures.ts';
import { Progress } from '../node/progress.ts';
import { drawOverlay } from '../overlay.ts';
import { type Outputs, planOutputs } from '../segment-plan.ts';
import { classReport, type PictureReport, promptReport, reportText, type Times } from '../segment-report.ts';
import { checkMode, parseSegment, type SegmentRequest } from '../segment-request.ts';
import { DumpFile, readMaskInput } from '../tensors.ts';
import { printable, type Terminal } from '../terminal.ts';

type Sharp = Parameters<typeof readPicture>[0];

/** What all pictures of a run share. */
interface Run {
  readonly request: SegmentRequest;
  readonly mode: 'auto' | 'manual';
  readonly description: ModelDescription;
  readonly warnings: readonly string[];
  readonly model: LazyModel;
  readonly maskInput: Float32Array | undefined;
  readonly dump: DumpFile | undefined;
  readonly sharp: Sharp;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** `sam2rad segment`: pictures to masks, all with one model and the same prompts. */
export async function segment(argv: readonly string[], terminal: Terminal): Promise<number> {
  const request = parseSegment(argv);
  if (typeof request === 'string') {
    terminal.out(request);
    return 0;
  }
  const plans = planOutputs(request.pictures, request.folder, {
    multimask: request.multimask,
    dump: request.dump,
    inputs: [request.model, ...(request.maskInput ? [request.maskInput] : [])],
  });
  const { signal } = terminal;
  const file = await openFile(request.model);
  const checkpoint = await openCheckpoint(file, { signal });
  const description = describeCheckpoint(checkpoint, request.imageSize);
  const mode = chooseMode(request, description);
  if (request.dump !== undefined) await refuseFolder(request.dump);
  const side = description.config.imageSize / 4;
  const maskInput = request.maskInput && (await readMaskInput(request.maskInput, side, signal));
  const peers = await loadPeers();
  await makeFolder(request.folder);
  if (request.dump !== undefined) await makeFolder(dirname(request.dump));

  const progress = new Progress(terminal.err, request.json);
  using model = new LazyModel(
    async () => (await requestDevice({ gpu: await peers.openGpu() })).device,
    (device) => {
      const onProgress = (step: LoadProgress) => showLoading(progress, step);
      return (terminal.loadModel ?? loadModel)(file, {
        device,
        signal,
        onProgress,
        tuning: request.tuning,
        ...(request.storage && { storage: request.storage }),
        ...(request.compute && { compute: request.compute }),
        ...(request.imageSize && { imageSize: request.imageSize }),
        ...(request.memoryLimit && { memoryLimit: request.memoryLimit }),
      });
    },
    checkpoint.warnings,
  );
  const run: Run = {
    request,
    mode,
    description,
    warnings: checkpoint.warnings,
    model,
    maskInput: maskInput || undefined,
    dump: request.dump === undefined ? undefined : new DumpFile(request.dump),
    sharp: peers.sharp,
    progress,
    signal,
  };
  try {
    return await segmentAll(run, plans, terminal);
  } finally {
    progress.clear();
  }
}

function chooseMode(request: SegmentRequest, { title, config }: ModelDescription): 'auto' | 'manual' {
  const mode = request.mode ?? (config.ppn ? 'auto' : 'manual');
  if (mode === 'auto' && !config.ppn)
    throw new PromptError(
      `${basename(request.model)} (${title}) has no prompt predictor, which auto mode needs; prompt it with --mode manual and --box or --point, or take a Sam2Rad model`,
    );
  checkMode(request, mode);
  return mode;
}

function showLoading(progress: Progress, { stage, loaded, total }: LoadProgress): void {
  const labels = {
    ...{ download: 'reading', tune: 'timing kernels', weights: 'loading weights' },
    ...{ compile: 'compiling', ready: 'ready' },
  };
  progress.show(labels[stage], total > 0 ? loaded / total : undefined);
}

/** A picture that fails is reported and the others are done. */
async function segmentAll(run: Run, plans: readonly Outputs[], terminal: Terminal): Promise<number> {
  const { request, warnings, progress } = run;
  const reports: PictureReport[] = [];
  const errors: { picture: string; message: string }[] = [];
  const complain = (text: string) => {
    progress.clear();
    terminal.err.write(`sam2rad: ${printable(text)}\n`);
  };
  const warn = (texts: readonly string[]) => {
    for (const text of request.json ? [] : texts) complain(`warning: ${text}`);
  };
  warn(warnings);
  for (const [index, plan] of plans.entries()) {
    const label =
      plans.length > 1 ? `[${index + 1}/${plans.length}] ${basename(plan.picture)}` : basename(plan.picture);
    try {
      const report = await segmentPicture(run, plan, label);
      if (reports.length === 0) warn(run.model.warnings.filter((text) => !warnings.includes(text)));
      reports.push(report);
      progress.clear();
      if (!request.json) terminal.out(reportText(report, plan));
    } catch (error) {
      const isItsOwn = [PictureError, PromptError, FileError].some((kind) => error instanceof kind);
      if (!(isItsOwn && error instanceof Error)) throw error;
      // The others name their file.
      const where = error instanceof PromptError && plans.length > 1 ? `${plan.picture}: ` : '';
      complain(where + error.message);
      errors.push({ picture: plan.picture, message: error.message });
    }
  }
  if (reports.length > 0) await run.dump?.write(run.signal);
  if (request.json)
    terminal.out(JSON.stringify({ pictures: reports, errors, warnings: run.model.warnings }, null, 2));
  return errors.length > 0 ? 1 : 0;
}

async function segmentPicture(run: Run, plan: Outputs, label: string): Promise<PictureReport> {
  const { request, mode, signal } = run;
  const started = performance.now();
  const picture = await readPicture(run.sharp, plan.picture);
  const decoded = performance.now();
  const model = await run.model.get();
  const ready = performance.now();
  const onProgress = (share: number) => run.progress.show(label, share);
  onProgress(0);
  using session = await model.setImage(picture, { signal, onProgress });
  const encoded = performance.now();
  const prediction = await session.predict(predictOptions(run));
  const predicted = performance.now();

  const best = request.multimask ? bestOf(prediction) : undefined;
  const classMap = (best === undefined ? undefined : prediction[best]?.mask) ?? prediction.classMap;
  await writePictures(run, plan, picture, prediction, classMap);
  if (prediction.tensors)
    run.dump?.add(request.pictures.length > 1 ? `${plan.stem}.` : '', prediction.tensors);
  const milliseconds: Times = {
    load: run.model.loadMs,
    decode: decoded - started,
    encode: encoded - ready,
    predict: predicted - encoded,
  };
  const report: PictureReport = {
    picture: plan.picture,
    width: picture.width,
    height: picture.height,
    model: {
      file: request.model,
      title: run.description.title,
      storage: model.storage,
      compute: model.compute,
    },
    mode,
    prompts: promptReport(request),
    classes: prediction.map(classReport),
    ...(best !== undefined && { best }),
    files: {
      mask: plan.mask,
      overlay: plan.overlay,
      ...(plan.masks.length > 0 && { masks: plan.masks }),
    },
    adapter: model.adapter,
    milliseconds,
  };
  await writeAtomically(plan.report, (file) => file.writeFile(`${JSON.stringify(report, null, 2)}\n`));
  return report;
}

function predictOptions(run: Run): PredictOptions {
  const { request, mode, maskInput, signal } = run;
  return {
    mode,
    signal,
    ...(request.box && { box: request.box }),
    ...(request.points.length > 0 && {
      pointCoords: request.points.map(({ x, y }) => [x, y] as const),
      pointLabels: request.points.map(({ label }) => label),
    }),
    ...(maskInput && { maskInput }),
    ...(request.multimask && { multimaskOutput: true }),
    ...(run.dump && { returnTensors: true }),
  };
}

/** The index of the mask whose estimated IoU is the highest. */
function bestOf(prediction: Prediction): number {
  const ious = prediction.map(({ iou }) => iou);
  return ious.indexOf(Math.max(...ious));
}

async function writePictures(
  { sharp }: Run,
  plan: Outputs,
  { width, height, data }: Picture,
  prediction: Prediction,
  classMap: Uint8Array,
): Promise<void> {
  const write = async (path: string, pixels: Uint8Array, channels: 1 | 3) => {
    const png = await encodePng(sharp, pixels, width, height, channels);
    await writeAtomically(path, (file) => file.writeFile(png));
  };
  await write(plan.mask, classMap, 1);
  await write(plan.overlay, drawOverlay(data, classMap, width, height), 3);
  for (const [index, path] of plan.masks.entries()) {
    const mask = prediction[index]?.mask;
    if (mask) await write(path, mask, 1);
  }
}
