import {
  maskClasses,
  maskOfLogits as maskKernel,
  resizeAxis,
  maskStatistics as statisticsKernel,
} from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expect, MAX_BINDING_BYTES, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import { maskTaps, type PictureGeometry, resizedShape, tapTable } from './resize-tables.ts';

/** Words of a mask that a lane of a GPU counts: each is waited for, and thousands of lanes are at hand. */
const STRIP_OF_GPU = 16;

/** The most inputs that an output of one axis mixes: two pixels of the square take three of the map. */
const MAX_TAPS = 3;

/** Which maps of the logits are wanted, and which of them the decoder says are empty. */
export interface MaskOptions {
  /** Only this map, from 0; all unless given. Masks and logits of large pictures are made one at a time so. */
  readonly map?: number;
  /** Object scores, one a map of the logits: a map whose score is under 0 is empty. */
  readonly objectScores?: Tensor;
  /** Of `halveLogits` for the same logits and picture, where several ops read it; else each makes what it needs. */
  readonly halves?: HalfLogits | undefined;
  readonly name?: string;
}

/**
 * Low-resolution logits at the picture's size. sam and sam2rad: bilinear to the square, padding cropped, bilinear to
 * the picture, both in one. sam2: bilinear to the picture.
 *
 * @param logits [maps, h, w] or [h, w], h and w at most the square's side unless the family is sam2.
 * @returns f32 [maps, height, width]
 * @throws ShapeError where the logits have another shape, or the result would pass 128 MiB.
 */
export function logitsToPicture(
  g: Graph,
  logits: Tensor,
  picture: PictureGeometry,
  { map, halves: made, name = `picture(${logits.name})` }: Omit<MaskOptions, 'objectScores'> = {},
): Tensor {
  const { height, width } = picture;
  const { maps, first, halves, down, axis } = halfResized(
    g,
    'logitsToPicture',
    logits,
    picture,
    one(map),
    made,
  );
  expectBinding('logitsToPicture', maps * height * width * 4, picture);
  const y = g.tensor(name, [maps, height, width]);
  resizeAlong(g, halves, axis, y, { firstOuter: first * (down ? 1 : height), inner: down ? width : 1 });
  return y;
}

/** What of a picture is inside each of some maps. */
export interface MaskOfLogits {
  /** u32 [maps, ceil(height * width / 4)]: bytes 1 inside, 0 outside, row by row, each map padded with 0. */
  readonly mask: Tensor;
  /**
   * u32 [maps, 5], so that nobody need read a mask back to know them: area in pixels, min x, min y, max x, max y, all
   * four inclusive. An empty mask has area 0, min 2^32 - 1 and max 0.
   */
  readonly statistics: Tensor;
}

/**
 * Which pixels of the picture are inside each map: `logit > 0` of what `logitsToPicture` computes, without storing
 * it. Logits that are at the picture's size already are taken as they are with the family sam2.
 *
 * @throws ShapeError where an operand has another shape, or the result would pass 128 MiB.
 */
export function maskOfLogits(
  g: Graph,
  logits: Tensor,
  picture: PictureGeometry,
  { map, objectScores, halves: made, name = `mask(${logits.name})` }: MaskOptions = {},
): MaskOfLogits {
  const half = halfResized(g, 'maskOfLogits', logits, picture, one(map), made);
  const { all, maps, first, halves, down, axis, params } = half;
  const words = wordsOf(picture);
  expectBinding('maskOfLogits', maps * words * 4, picture);
  expectScores('maskOfLogits', objectScores, all);
  const mask = g.tensor(name, [maps, words], 'u32');
  const statistics = g.tensor(`statistics(${name})`, [maps, 5], 'u32');
  g.record(
    maskKernel,
    { halves, taps: axis.tensor, score: objectScores ?? halves, mask, statistics },
    { first_map: map ?? 0, first_half: first, maps, words, ...params },
    {
      workgroups: laneGrid(maskKernel, maps * words),
      tuning: { DOWN: down ? 1 : 0, TAPS: axis.taps, SCORES: objectScores ? 1 : 0 },
      flops: 2 * axis.taps * maps * words * 4,
    },
  );
  const STRIP = g.traits.cpu ? statisticsKernel.tunables.STRIP.default : STRIP_OF_GPU;
  const strips = Math.ceil(words / STRIP);
  g.record(
    statisticsKernel,
    { mask, statistics },
    { masks: maps, words, width: picture.width },
    { workgroups: laneGrid(statisticsKernel, maps * strips), tuning: { STRIP } },
  );
  return { mask, statistics };
}

/**
 * The class of each pixel: 1 + the map whose positive logit is the largest (the first of equal ones), 0 where none is
 * positive. Maps whose object score is under 0 are left out.
 *
 * @param logits [maps, h, w] as for `logitsToPicture`, at most 255 maps.
 * @returns u32 [ceil(height * width / 4)]: bytes, row by row, padded with 0.
 * @throws ShapeError where an operand has another shape.
 */
export function classMap(
  g: Graph,
  logits: Tensor,
  picture: PictureGeometry,
  { objectScores, halves: made, name = `classes(${logits.name})` }: Omit<MaskOptions, 'map'> = {},
): Tensor {
  const all = mapsOf('classMap', logits, picture);
  expect(all < 256, 'classMap', () => `'${logits.name}' has ${all} maps; a byte numbers at most 255`);
  const { height, width } = picture;
  const words = wordsOf(picture);
  expectScores('classMap', objectScores, all);
  const classes = g.tensor(name, [words], 'u32');
  // As many maps at a time as a binding holds, which is nearly always all of them.
  const most = made ? all : Math.max(1, Math.floor(MAX_BINDING_BYTES / halfBytes(logits, picture)));
  const running = most < all;
  expectBinding('classMap', (running ? height * width : words) * 4, picture);
  const largest = g.tensor(`largest(${name})`, [running ? height * width : 1]);
  for (let first = 0; first < all; first += most) {
    const range = { first, maps: Math.min(most, all - first) };
    const { maps, halves, down, axis, params } = halfResized(g, 'classMap', logits, picture, range, made);
    g.record(
      maskClasses,
      { halves, taps: axis.tensor, score: objectScores ?? halves, classes, largest },
      { first_map: first, maps, words, ...params },
      {
        workgroups: laneGrid(maskClasses, words),
        tuning: {
          DOWN: down ? 1 : 0,
          TAPS: axis.taps,
          SCORES: objectScores ? 1 : 0,
          RUNNING: running ? 1 : 0,
        },
        flops: 2 * axis.taps * maps * words * 4,
      },
    );
  }
  return classes;
}

/** The taps of one axis of the picture, over `before` inputs. */
interface Axis {
  readonly tensor: Tensor;
  readonly taps: number;
  readonly before: number;
}

/** Of `halveLogits`. */
export interface HalfLogits {
  /** Maps of the logits. */
  readonly all: number;
  /** Maps that are wanted, and which of `halves` they begin with. */
  readonly maps: number;
  readonly first: number;
  readonly halves: Tensor;
  readonly down: boolean;
  readonly axis: Axis;
  readonly params: Readonly<Record<'pixels' | 'width' | 'before' | 'plane', number>>;
}

/**
 * What `logitsToPicture`, `maskOfLogits` and `classMap` begin with: for all maps, where more than one of them reads it.
 *
 * @returns undefined where all maps together would pass 128 MiB: the ops then begin for themselves, a part at a time
 */
export function halveLogits(g: Graph, logits: Tensor, picture: PictureGeometry): HalfLogits | undefined {
  const all = mapsOf('halveLogits', logits, picture);
  if (all * halfBytes(logits, picture) > MAX_BINDING_BYTES) return undefined;
  return halfResized(g, 'halveLogits', logits, picture);
}

/** Maps that follow each other. */
interface MapRange {
  readonly first: number;
  readonly maps: number;
}

const one = (map: number | undefined): MapRange | undefined =>
  map === undefined ? undefined : { first: map, maps: 1 };

/** How many maps logits hold. @throws ShapeError where they are none that can be brought to the picture. */
function mapsOf(op: string, logits: Tensor, { imageSize, family }: PictureGeometry): number {
  const fits = logits.dtype === 'f32' && [2, 3].includes(logits.shape.length) && sizeOf(logits) > 0;
  const detail = () => `'${logits.name}' is ${logits.dtype} [${logits.shape}]`;
  expect(fits, op, () => `${detail()}, expected f32 [maps,h,w] or [h,w]`);
  // A map finer than the square would take more than three taps an axis.
  const coarse = family === 'sam2' || Math.max(...logits.shape.slice(-2)) <= imageSize;
  expect(coarse, op, () => `${detail()} is finer than the square of ${imageSize}`);
  return logits.shape.length === 3 ? (logits.shape[0] ?? 0) : 1;
}

/** Rows and columns of a map of which one axis has the picture's size: that which stores less. */
function halfShape(logits: Tensor, { height, width }: PictureGeometry) {
  const [lowRows = 0, lowCols = 0] = logits.shape.slice(-2);
  const down = lowRows * width <= height * lowCols;
  return { lowRows, lowCols, down, shape: down ? [lowRows, width] : [height, lowCols] } as const;
}

/** Bytes of one map of which one axis has the picture's size. */
function halfBytes(logits: Tensor, picture: PictureGeometry): number {
  const [rows = 0, cols = 0] = halfShape(logits, picture).shape;
  return rows * cols * 4;
}

/**
 * The logits with one axis brought to the picture's size, which is little, so that the kernel of the other axis reads
 * three values a pixel instead of nine: the columns first (`down`: rows are left), or the rows where that stores less.
 *
 * @param range all maps unless given
 * @param made of all maps; else only those that are asked for are made
 */
function halfResized(
  g: Graph,
  op: string,
  logits: Tensor,
  picture: PictureGeometry,
  range?: MapRange,
  made?: HalfLogits,
): HalfLogits {
  const { height, width } = picture;
  const all = mapsOf(op, logits, picture);
  const { first: firstMap, maps } = range ?? { first: 0, maps: all };
  expect(firstMap >= 0 && firstMap + maps <= all, op, () => `map ${firstMap} is not in 0..${all - 1}`);
  if (made) return { ...made, maps, first: firstMap };

  const [rows, cols] = resizedShape(picture);
  const { lowRows, lowCols, down, shape } = halfShape(logits, picture);
  const rowAxis = axisTable(g, picture, lowRows, height, rows);
  const columnAxis = axisTable(g, picture, lowCols, width, cols);
  const [first, axis] = down ? [columnAxis, rowAxis] : [rowAxis, columnAxis];
  const halves = g.tensor(`half(${logits.name})`, [maps, ...shape]);
  expectBinding(op, sizeOf(halves) * 4, picture);
  const firstOuter = firstMap * (down ? lowRows : 1);
  resizeAlong(g, logits, first, halves, { firstOuter, inner: down ? 1 : lowCols });
  const plane = sizeOf(halves) / maps;
  return {
    all,
    maps,
    first: 0,
    halves,
    down,
    axis,
    params: { pixels: height * width, width, before: axis.before, plane },
  };
}

/** Records the resize of one axis: x [.., before, inner] to y [.., after, inner]. */
function resizeAlong(
  g: Graph,
  x: Tensor,
  { tensor: taps, taps: count, before }: Axis,
  y: Tensor,
  { firstOuter, inner }: { firstOuter: number; inner: number },
): void {
  g.record(
    resizeAxis,
    { x, taps, y },
    { count: sizeOf(y), first_outer: firstOuter, before, after: taps.shape[0] ?? 1, inner },
    { workgroups: laneGrid(resizeAxis, sizeOf(y)), tuning: { TAPS: count }, flops: 2 * count * sizeOf(y) },
  );
}

/** The taps of an axis as a constant of the graph; its name says everything that its values depend on. */
function axisTable(g: Graph, picture: PictureGeometry, low: number, side: number, resized: number): Axis {
  const { taps, values } = tapTable(maskTaps(low, side, resized, picture), low, MAX_TAPS);
  const way = picture.family === 'sam2' ? `${low},${side}` : `${low},${picture.imageSize}:${resized},${side}`;
  const tensor = g.parameter(`taps.mask(${way})`, [side, 1 + MAX_TAPS], [], () => values);
  return { tensor, taps, before: low };
}

function wordsOf({ height, width }: { readonly height: number; readonly width: number }): number {
  return Math.ceil((height * width) / 4);
}

function expectScores(op: string, scores: Tensor | undefined, maps: number): void {
  if (scores)
    expect(
      sizeOf(scores) === maps,
      op,
      () => `'${scores.name}' has shape [${scores.shape}], expected ${maps} object scores`,
    );
}

function expectBinding(op: string, bytes: number, { height, width }: PictureGeometry): void {
  expect(
    bytes <= MAX_BINDING_BYTES,
    op,
    () =>
      `${height} x ${width} takes ${bytes} bytes, the limit of a binding is ${MAX_BINDING_BYTES}; pass \`map\``,
  );
}
