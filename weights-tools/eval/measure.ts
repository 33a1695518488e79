import {
  type BinaryMask,
  type CaseScores,
  caseDice,
  deepestPoint,
  type MaskScores,
  maskOfClass,
  scoreMask,
  tightBox,
} from '../../src/evaluation.ts';
import type { ImageSession, Model, PredictOptions } from '../../src/index.ts';
import type { Example } from '../dataset/dataset.ts';
import type { EvalRequest, Mode } from './request.ts';
import { masksInSquare, shrinkMap, sizeInSquare } from './square.ts';

/** The scores of one class of a case; all null where it could not be prompted. */
export interface ClassScores extends MaskScores {
  /** The decoder's own estimate of its mask's IoU; null where it was not asked. */
  readonly estimatedIou: number | null;
  readonly objectScore: number | null;
}

export interface CaseResult extends CaseScores {
  readonly classes: readonly ClassScores[];
  /** Mean over the classes; null where none has one. */
  readonly dice: number | null;
}

/** Scores, and the class numbers at the picture's size: what is drawn of a bad case. */
export interface Measured {
  readonly result: CaseResult;
  readonly classMap: Uint8Array;
}

/** What a class's scores are made of. */
interface Answer {
  /** At the picture's size. */
  readonly mask: BinaryMask;
  /** In the square, where that is compared. */
  readonly inSquare: BinaryMask | undefined;
  readonly estimatedIou: number;
  readonly objectScore: number | null;
}

export type MeasureOptions = Pick<EvalRequest, 'at' | 'spacing' | 'tolerance' | 'modelClasses'> & {
  readonly signal: AbortSignal;
};

/** Prompts a model for each class of a case and compares the masks with the true ones. */
export async function measureCase(
  model: Model,
  session: ImageSession,
  example: Example,
  classes: number,
  mode: Mode,
  options: MeasureOptions,
): Promise<Measured> {
  const { at, spacing, tolerance } = options;
  const { width, height } = example.case;
  const truths = Array.from({ length: classes }, (_, i) =>
    maskOfClass(example.classMap, example.case, i + 1),
  );
  const answers =
    mode === 'auto'
      ? await askAuto(model, session, classes, options)
      : await askEach(model, session, truths, mode, options);
  const square = sizeInSquare(example.case, model.config);
  const isSquare = at === 'model';
  const size = isSquare ? square : { width, height };
  const map = isSquare ? shrinkMap(example.classMap, example.case, square) : example.classMap;
  // A pixel of the square is as many of the picture as it was shrunk.
  const step = isSquare
    ? [(spacing[0] * width) / square.width, (spacing[1] * height) / square.height]
    : spacing;
  const [stepX = 1, stepY = 1] = step;
  const classMap = new Uint8Array(width * height);
  const scores = truths.map((_, index): ClassScores => {
    const answer = answers[index];
    const truth = maskOfClass(map, size, index + 1);
    if (!answer) return NOT_ASKED;
    answer.mask.data.forEach((isInside, pixel) => {
      if (isInside) classMap[pixel] = index + 1;
    });
    const { estimatedIou, objectScore } = answer;
    const metrics = scoreMask(answer.inSquare ?? answer.mask, truth, { spacing: [stepX, stepY], tolerance });
    return { ...metrics, estimatedIou, objectScore };
  });
  const { name, group } = example.case;
  return { result: { name, group, classes: scores, dice: caseDice({ classes: scores }) }, classMap };
}

/** Without a true mask there is nothing to prompt with. */
const NOT_ASKED: ClassScores = {
  ...{ dice: null, iou: null, nsd: null, hd95: null },
  ...{ truthArea: 0, predictedArea: 0, estimatedIou: null, objectScore: null },
  presence: 'neither',
};

/** All classes at once; where they overlap the larger logit has the pixel, as in every result of auto mode. */
async function askAuto(
  { config }: Model,
  session: ImageSession,
  classes: number,
  { at, modelClasses, signal }: MeasureOptions,
): Promise<Answer[]> {
  const asked = modelClasses ?? Array.from({ length: classes }, (_, i) => i + 1);
  const prediction = await session.predict({ mode: 'auto', classes: asked, signal });
  const square = sizeInSquare(session, config);
  const inSquare = at === 'model' ? masksInSquare(prediction, config.imageSize, square, true) : [];
  return asked.map((classNumber) => {
    const index = prediction.findIndex((result) => result.classNumber === classNumber);
    const { iou: estimatedIou = Number.NaN, objectScore = null } = prediction[index] ?? {};
    const mask = maskOfClass(prediction.classMap, session, classNumber);
    return { mask, inSquare: inSquare[index], estimatedIou, objectScore };
  });
}

/** Class by class, prompted from the true mask; undefined where that is empty. */
async function askEach(
  { config }: Model,
  session: ImageSession,
  truths: readonly BinaryMask[],
  mode: 'box' | 'point',
  { at, signal }: MeasureOptions,
): Promise<(Answer | undefined)[]> {
  const answers: (Answer | undefined)[] = [];
  for (const truth of truths) {
    const prompt = promptOf(truth, mode);
    const [result] = prompt ? await session.predict({ mode: 'manual', ...prompt, signal }) : [];
    if (!result) {
      answers.push(undefined);
      continue;
    }
    const { iou: estimatedIou, objectScore } = result;
    const square = sizeInSquare(session, config);
    const [inSquare] = at === 'model' ? masksInSquare([result], config.imageSize, square, false) : [];
    const mask = { width: session.width, height: session.height, data: result.mask };
    answers.push({ mask, inSquare, estimatedIou, objectScore });
  }
  return answers;
}

function promptOf(truth: BinaryMask, mode: 'box' | 'point'): PredictOptions | undefined {
  if (mode === 'box') {
    const box = tightBox(truth);
    return box && { box };
  }
  const point = deepestPoint(truth);
  return point && { pointCoords: [point], pointLabels: [1] };
}
