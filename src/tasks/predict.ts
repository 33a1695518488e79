import { readBuffers } from '../gpu/readback.ts';
import { classNamesOf } from '../weights/config.ts';
import { fedBackTensors, readTensors } from './dump.ts';
import type { PictureScale, Question } from './prompts.ts';
import {
  answerCount,
  type DecodeSpec,
  type MaskSpec,
  recordDecoder,
  recordMasks,
  type StageContext,
} from './recordings.ts';
import type { Stages } from './stages.ts';
import type { Box, MaskResult, Prediction, PredictOptions } from './types.ts';

/** SAM2's predictor hands its low-resolution logits back within these bounds (sam2_image_predictor.py). */
const SAM2_LOGIT_BOUND = 32;

/** Runs the decoder for a question on the current features, and reads back what the caller asked for. */
export async function predict(
  stages: Stages,
  context: StageContext,
  picture: PictureScale,
  question: Question,
  options: PredictOptions,
): Promise<{ prediction: Prediction; key: string }> {
  if (question.feedBack) return feedBack(stages, context, picture, question, options);
  const { config } = context;
  const { sparse, maskInput, mode } = question;
  const spec: DecodeSpec = {
    points: sparse.labels.length,
    mask: maskInput !== undefined,
    classes: question.classes,
    choice: question.choice,
  };
  const { gpu } = stages;
  if (spec.points > 0) {
    gpu.write(stages.buffer('coords', sparse.coords.byteLength), sparse.coords);
    gpu.write(stages.buffer('labels', sparse.labels.byteLength), sparse.labels);
  }
  if (maskInput) gpu.write(stages.buffer('mask_input', maskInput.byteLength), maskInput);

  const { signal, onProgress } = options;
  const tokens = config.datasets[0]?.tokens ?? 0;
  const key = `decode ${JSON.stringify(spec)}`;
  await stages.run(key, () => recordDecoder(context, spec, tokens), { signal, onProgress });
  const answers = answerCount(spec);
  const maskSpec: MaskSpec = {
    width: picture.width,
    height: picture.height,
    answers,
    scored: mode === 'auto' && config.decoder.objectScore !== 'none',
    logits: options.returnLogits ?? false,
    classMap: mode === 'auto',
  };
  await stages.run(`masks ${JSON.stringify(maskSpec)}`, () => recordMasks(context, maskSpec), { signal });
  const read = await readAnswers(stages, context, maskSpec, spec);
  signal?.throwIfAborted();

  const results = Array.from({ length: answers }, (_, i): MaskResult => {
    const classIndex = spec.classes[i];
    const { area, box } = statistics(read.words(`statistics.${i}`));
    return {
      classNumber: (classIndex ?? 0) + 1,
      className: (classIndex === undefined ? undefined : classNamesOf(config)[classIndex]) ?? 'object',
      width: picture.width,
      height: picture.height,
      mask: read.bytes(`mask.${i}`).subarray(0, picture.width * picture.height),
      area,
      box,
      predictedBox:
        classIndex === undefined
          ? null
          : toPicture(read.floats(`predicted_box.${classIndex}`), config.imageSize, picture),
      iou: read.floats('ious')[i] ?? Number.NaN,
      objectScore:
        config.decoder.objectScore === 'none'
          ? null
          : (read.floats('object_scores')[spec.classes.length > 0 ? i : 0] ?? null),
      lowResLogits: handedBack(read.floats('masks'), i, answers, config.preprocess === 'sam2'),
      ...(maskSpec.logits ? { logits: read.floats(`logits.${i}`) } : {}),
    };
  });
  const whole = maskSpec.classMap ? read.bytes('class_map') : bestMask(results);
  const classMap = spec.classes.length > 0 ? renumbered(whole, spec.classes) : whole;
  const prediction = Object.assign(results, {
    classMap: classMap.subarray(0, picture.width * picture.height),
    ...(options.returnTensors && { tensors: await readTensors(stages, context, spec) }),
  });
  return { prediction, key };
}

/** Autonomous logits as mask prompt, with a person's prompts: what SAM itself was trained on, class by class. */
async function feedBack(
  stages: Stages,
  context: StageContext,
  picture: PictureScale,
  question: Question,
  options: PredictOptions,
): Promise<{ prediction: Prediction; key: string }> {
  const bare = { coords: new Float32Array(), labels: new Float32Array() };
  const alone = { ...question, sparse: bare, maskInput: undefined, feedBack: false };
  const { signal, returnLogits, returnTensors } = options;
  const common = { ...(signal ? { signal } : {}), ...(returnTensors ? { returnTensors } : {}) };
  const auto = await predict(stages, context, picture, alone, common);
  const results: MaskResult[] = [];
  let { key } = auto;
  const { tensors } = auto.prediction;
  const refined: NonNullable<typeof tensors>[] = [];
  for (const first of auto.prediction) {
    const manual: Question = {
      ...question,
      mode: 'manual',
      classes: [],
      choice: 'single',
      maskInput: question.maskInput ?? Float32Array.from(first.lowResLogits),
      feedBack: false,
    };
    // Where classes overlap, their logits decide.
    const again = await predict(stages, context, picture, manual, { ...common, returnLogits: true });
    key = again.key;
    if (again.prediction.tensors) refined.push(again.prediction.tensors);
    const { classNumber, className, predictedBox } = first;
    for (const result of again.prediction) results.push({ ...result, classNumber, className, predictedBox });
  }
  const classMap = largestLogit(results, picture.width * picture.height);
  const wanted = returnLogits ? results : results.map(({ logits: _, ...result }) => result);
  const all = tensors && { tensors: fedBackTensors(tensors, refined) };
  return { prediction: Object.assign(wanted, { classMap, ...all }), key };
}

/** The class whose positive logit is the largest, 0 where none is: what the kernel does for answers of one decode. */
function largestLogit(results: readonly MaskResult[], pixels: number): Uint8Array<ArrayBuffer> {
  const classMap = new Uint8Array(pixels);
  const best = new Float32Array(pixels);
  for (const { logits, classNumber } of results)
    logits?.forEach((logit, pixel) => {
      if (logit <= (best[pixel] ?? 0)) return;
      best[pixel] = logit;
      classMap[pixel] = classNumber;
    });
  return classMap;
}

/** All read-backs of a prediction in one mapping. */
async function readAnswers(stages: Stages, { config }: StageContext, mask: MaskSpec, decode: DecodeSpec) {
  const side = config.imageSize / 4;
  const pixels = mask.width * mask.height;
  const packed = 4 * Math.ceil(pixels / 4);
  const sizes = new Map<string, number>([
    ['masks', 4 * mask.answers * side * side],
    ['ious', 4 * mask.answers],
  ]);
  if (mask.classMap) sizes.set('class_map', packed);
  if (config.decoder.objectScore !== 'none')
    sizes.set('object_scores', 4 * Math.max(1, decode.classes.length));
  for (const index of decode.classes) sizes.set(`predicted_box.${index}`, 16);
  for (let i = 0; i < mask.answers; i++) {
    sizes.set(`mask.${i}`, packed);
    sizes.set(`statistics.${i}`, 20);
    if (mask.logits) sizes.set(`logits.${i}`, 4 * pixels);
  }
  const names = [...sizes.keys()];
  const ranges = [...sizes].map(([name, bytes]) => ({ buffer: stages.buffer(name, bytes), bytes }));
  const values = await readBuffers(stages.gpu, ranges);
  const of = (name: string) => values[names.indexOf(name)] ?? new ArrayBuffer(0);
  return {
    floats: (name: string) => new Float32Array(of(name)),
    words: (name: string) => new Uint32Array(of(name)),
    bytes: (name: string) => new Uint8Array(of(name)),
  };
}

/** Area, min x, min y, max x, max y, inclusive, to SAM's far edges. */
function statistics([area = 0, x0 = 0, y0 = 0, x1 = 0, y1 = 0]: Uint32Array): {
  area: number;
  box: Box | null;
} {
  return { area, box: area > 0 ? [x0, y0, x1 + 1, y1 + 1] : null };
}

/** A box in shares of the square, in pixels of the picture; the predictor may pass the edge, the picture does not. */
function toPicture(
  shares: Float32Array,
  imageSize: number,
  { width, height, scaleX, scaleY }: PictureScale,
): Box {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = shares;
  const x = (share: number) => Math.min(width, (share * imageSize) / scaleX);
  const y = (share: number) => Math.min(height, (share * imageSize) / scaleY);
  return [x(x0), y(y0), x(x1), y(y1)];
}

function handedBack(
  masks: Float32Array<ArrayBuffer>,
  i: number,
  answers: number,
  bounded: boolean,
): Float32Array<ArrayBuffer> {
  const length = masks.length / answers;
  const own = masks.slice(i * length, (i + 1) * length);
  return bounded ? own.map((logit) => Math.min(SAM2_LOGIT_BOUND, Math.max(-SAM2_LOGIT_BOUND, logit))) : own;
}

/** A copy of the mask with the best estimate: whoever hands results to another thread gives each array once. */
function bestMask(results: readonly MaskResult[]): Uint8Array<ArrayBuffer> {
  const [best] = [...results].sort((a, b) => b.iou - a.iou);
  return Uint8Array.from(best?.mask ?? []);
}

/** The kernel numbers the answers from 1; a caller who asked for some classes knows them by their own numbers. */
function renumbered(map: Uint8Array<ArrayBuffer>, classes: readonly number[]): Uint8Array<ArrayBuffer> {
  return map.map((answer) => (answer === 0 ? 0 : (classes[answer - 1] ?? 0) + 1));
}
