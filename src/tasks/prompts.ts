import { kindOf, PromptError } from '../errors.ts';
import { arrangePrompts, type PromptOrder, type SparsePrompts } from '../models/prompt-encoder/arrange.ts';
import { MAX_SIDE } from '../web/picture.ts';
import type { MaskChoice } from './recordings.ts';
import type { PredictOptions } from './types.ts';

/** More points than a person gives; each costs a token in every attention of the decoder. */
const MAX_POINTS = 512;

/** What a model can be asked. */
export interface PromptRules {
  /** Class count of the prompt predictor; 0 without one. */
  readonly classes: number;
  readonly imageSize: number;
  readonly order: PromptOrder;
  /** SAM2's predictor falls back from an unstable single mask; Sam2Rad and SAM never do. */
  readonly stabilityFallback: boolean;
}

/** A picture's size and what its pixels are multiplied by on the way to the square that the encoder sees. */
export interface PictureScale {
  readonly width: number;
  readonly height: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

/** A checked question, ready for the decoder. */
export interface Question {
  readonly mode: 'auto' | 'manual';
  readonly sparse: SparsePrompts;
  readonly maskInput: Float32Array<ArrayBuffer> | undefined;
  /** Class indices from 0; empty in manual mode. */
  readonly classes: readonly number[];
  readonly choice: MaskChoice;
  /** The autonomous logits are fed back as mask prompt. */
  readonly feedBack: boolean;
}

/**
 * Checks what a caller asks and brings it into the square's pixels.
 * @throws PromptError naming the argument, what was got and what was expected.
 */
export function askQuestion(options: PredictOptions, rules: PromptRules, picture: PictureScale): Question {
  const mode = options.mode ?? (rules.classes > 0 ? 'auto' : 'manual');
  if (mode !== 'auto' && mode !== 'manual')
    throw new PromptError(`mode is ${textOf(mode)}, expected 'auto' or 'manual'`);
  const refine = options.refine ?? 'learned';
  if (refine !== 'learned' && refine !== 'logits')
    throw new PromptError(`refine is ${textOf(refine)}, expected 'learned' or 'logits'`);
  if (mode === 'auto' && rules.classes === 0)
    throw new PromptError(
      "mode 'auto' needs a prompt predictor, and this model has none: use mode 'manual' with a box or points, or load a Sam2Rad checkpoint",
    );
  const { box, maskInput, pointCoords: points = [], pointLabels: labels = [] } = options;
  if (mode === 'manual' && options.classes)
    throw new PromptError("classes belong to mode 'auto'; mode 'manual' segments whatever is prompted");
  if (mode === 'manual' && options.refine)
    throw new PromptError("refine belongs to mode 'auto'; mode 'manual' starts from your prompts alone");
  checkPoints(points, labels, picture);
  if (box !== undefined) checkBox(box, picture);
  if (maskInput !== undefined) checkMask(maskInput, rules.imageSize / 4);
  const prompted = box !== undefined || points.length > 0 || maskInput !== undefined;
  if (mode === 'manual' && !prompted)
    throw new PromptError(
      "mode 'manual' needs a prompt: give a box, pointCoords with pointLabels, or a maskInput",
    );
  if (mode === 'auto' && options.multimaskOutput)
    throw new PromptError("multimaskOutput belongs to mode 'manual'; mode 'auto' gives one mask a class");

  const { scaleX, scaleY } = picture;
  const scaled = points.map(([x, y]) => [x * scaleX, y * scaleY] as const);
  const scaledBox = box && ([box[0] * scaleX, box[1] * scaleY, box[2] * scaleX, box[3] * scaleY] as const);
  const single = mode === 'manual' && rules.stabilityFallback ? 'stable' : 'single';
  return {
    mode,
    sparse: arrangePrompts(scaled, labels, scaledBox, rules.order),
    // The caller may go on with its array while this call waits for its turn.
    maskInput: maskInput && Float32Array.from(maskInput),
    classes: mode === 'auto' ? chosenClasses(options.classes, rules.classes) : [],
    choice: options.multimaskOutput ? 'multi' : single,
    feedBack: mode === 'auto' && refine === 'logits' && prompted,
  };
}

function checkPoints(
  points: readonly (readonly [number, number])[],
  labels: readonly number[],
  { width, height }: PictureScale,
): void {
  expectList('pointCoords', points, 'points [x, y]');
  expectList('pointLabels', labels);
  if (points.length > MAX_POINTS)
    throw new PromptError(`${points.length} points were given; expected at most ${MAX_POINTS}`);
  // Not forEach, which skips the holes of an array.
  for (const [i, point] of points.entries()) {
    expectNumbers(`pointCoords[${i}]`, point, 2, 'x and y');
    const [x, y] = point;
    if (x < 0 || y < 0 || x > width || y > height)
      throw new PromptError(
        `pointCoords[${i}] [${x},${y}] lies outside the picture of ${width} x ${height} pixels`,
      );
  }
  if (points.length !== labels.length)
    throw new PromptError(
      `${points.length} pointCoords and ${labels.length} pointLabels were given; expected one label for each point`,
    );
  for (const [i, label] of labels.entries())
    if (![-1, 0, 1].includes(label))
      throw new PromptError(
        `pointLabels[${i}] is ${textOf(label)}, expected 1 (object), 0 (background) or -1 (padding)`,
      );
}

function checkBox(box: readonly number[], { width, height }: PictureScale): void {
  expectNumbers('box', box, 4, 'x0, y0, x1, y1');
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = box;
  if (x1 <= x0 || y1 <= y0)
    throw new PromptError(`box is [${box}], expected x0 < x1 and y0 < y1: top left corner first`);
  if (x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height)
    throw new PromptError(`box [${box}] lies outside the picture of ${width} x ${height} pixels`);
}

function checkMask(mask: Float32Array, side: number): void {
  expectList('maskInput', mask);
  if (mask.length !== side * side)
    throw new PromptError(
      `maskInput has ${mask.length} values, expected ${side} x ${side}: the lowResLogits of an earlier result`,
    );
  const bad = mask.findIndex((value) => !isWithin(value));
  if (bad >= 0)
    throw new PromptError(`maskInput[${bad}] is ${textOf(mask[bad])}, expected a number within ±${MAX_SIDE}`);
}

function chosenClasses(numbers: readonly number[] | undefined, count: number): number[] {
  if (numbers === undefined) return Array.from({ length: count }, (_, index) => index);
  expectList('classes', numbers);
  if (numbers.length === 0) throw new PromptError('classes is empty, expected at least one class number');
  for (const number of numbers)
    if (!Number.isInteger(number) || number < 1 || number > count)
      throw new PromptError(
        `class ${textOf(number)} does not exist: this model has ${count}, numbered from 1`,
      );
  return [...new Set(numbers)].map((number) => number - 1);
}

function expectNumbers(name: string, value: readonly unknown[], count: number, what: string): void {
  expectList(name, value);
  // A copy has no holes, which `every` skips.
  const items = Array.from(value);
  if (items.length !== count || !items.every((item) => isWithin(item)))
    throw new PromptError(
      `${name} is [${items.slice(0, 8).map(textOf)}], expected ${count} numbers within ±${MAX_SIDE}: ${what} in pixels`,
    );
}

/**
 * A corner may lie beside its picture, but no picture is so large that it lies further off than this. Logits are some
 * tens, and products of much larger ones pass the largest f32. False for NaN, too.
 */
const isWithin = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= MAX_SIDE;

/** A number or a text, of anything else its kind: some values cannot be made a text. */
function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kindOf(value);
}

/** A caller without types may give anything. */
function expectList(name: string, value: unknown, of = 'numbers'): void {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return;
  throw new PromptError(`${name} is ${kindOf(value)}, expected an array of ${of}`);
}
