import { PictureError } from '../errors.ts';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

export interface MaskColours {
  /** The colour of class number n is `colors[n - 1]`, over again from the first where there are too few. */
  readonly colors: readonly Colour[];
  /** 0 (invisible) to 1; 0.5 unless given. */
  readonly opacity?: number | undefined;
}

/** A corner of pixels: (0, 0) is the top left corner of the picture, (width, height) the bottom right one. */
export type Corner = readonly [x: number, y: number];

/** Corners of a closed outline, the last joined to the first: clockwise around the inside, holes the other way. */
export type Polygon = readonly Corner[];

/**
 * The mask as RGBA bytes with straight alpha, transparent where the class number is 0.
 *
 * @param bytes width * height class numbers, row by row, of a `classMap` or a `mask` (1 inside); more are ignored.
 * @throws PictureError where there are fewer, where there is no colour, or one that is none.
 */
export function maskToRgba(
  bytes: Uint8Array,
  width: number,
  height: number,
  { colors, opacity = 0.5 }: MaskColours,
): Uint8ClampedArray<ArrayBuffer> {
  const count = expectMask(bytes, width, height);
  if (colors.length === 0) throw new PictureError('maskToRgba: colors is empty, expected one colour or more');
  const isByte = (value: number) => value >= 0 && value <= 255;
  const bad = colors.findIndex((colour) => colour.length !== 3 || ![...colour].every(isByte));
  if (bad >= 0)
    throw new PictureError(
      `maskToRgba: colors[${bad}] is ${colors[bad]}, expected [red, green, blue], each 0 to 255`,
    );
  const alpha = Math.round(Math.min(1, Math.max(0, opacity)) * 255);
  const words = new Uint32Array(count);
  const palette = Uint32Array.from({ length: 256 }, (_, number) => {
    const [red, green, blue] = colors[(number - 1) % colors.length] ?? [0, 0, 0];
    return number === 0 ? 0 : (red | (green << 8) | (blue << 16) | (alpha << 24)) >>> 0;
  });
  for (let i = 0; i < count; i++) words[i] = palette[bytes[i] ?? 0] ?? 0;
  return new Uint8ClampedArray(words.buffer);
}

/** `maskToRgba` for `putImageData`. Node has no ImageData: use `maskToRgba` there. */
export function maskToImageData(
  bytes: Uint8Array,
  width: number,
  height: number,
  colours: MaskColours,
): ImageData {
  return new ImageData(maskToRgba(bytes, width, height, colours), width, height);
}

/**
 * The outlines of a class along the edges of its pixels, one polygon for each connected part and each hole. Pixels
 * that touch at a corner alone are separate parts.
 *
 * @param bytes width * height class numbers, row by row; more are ignored.
 * @throws PictureError where there are fewer.
 */
export function contour(bytes: Uint8Array, width: number, height: number, classNumber: number): Polygon[] {
  const count = expectMask(bytes, width, height);
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && bytes[y * width + x] === classNumber;
  // Every outline has a pixel with an open top edge, which it follows to the right: these edges are what is ticked off.
  const seen = new Uint8Array(count);
  const polygons: Polygon[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (inside(x, y) && !inside(x, y - 1) && !seen[y * width + x])
        polygons.push(trace(x, y, inside, (tx, ty) => seen.fill(1, ty * width + tx, ty * width + tx + 1)));
  return polygons;
}

/** The outlines as SVG path data, for `new Path2D(data)` or a `<path>`; fill it with either rule. */
export function pathData(polygons: readonly Polygon[]): string {
  return polygons.map((polygon) => `M${polygon.map(([x, y]) => `${x} ${y}`).join('L')}Z`).join('');
}

/** Right, down, left, up: each is a right turn from the one before. */
const STEPS = [
  { dx: 1, dy: 0, right: [0, 0], left: [0, -1] },
  { dx: 0, dy: 1, right: [-1, 0], left: [0, 0] },
  { dx: -1, dy: 0, right: [-1, -1], left: [-1, 0] },
  { dx: 0, dy: -1, right: [0, -1], left: [-1, -1] },
] as const;

/** One outline from the top left corner of pixel (x0, y0), the inside on its right hand. */
function trace(
  x0: number,
  y0: number,
  inside: (x: number, y: number) => boolean,
  passTop: (x: number, y: number) => void,
): Polygon {
  const corners: Corner[] = [];
  let [x, y, heading] = [x0, y0, 0];
  do {
    const step = STEPS[heading as 0 | 1 | 2 | 3];
    if (heading === 0) passTop(x, y);
    x += step.dx;
    y += step.dy;
    let turn = 0;
    if (!inside(x + step.right[0], y + step.right[1])) turn = 1;
    else if (inside(x + step.left[0], y + step.left[1])) turn = 3;
    if (turn !== 0) corners.push([x, y]);
    heading = (heading + turn) % 4;
  } while (x !== x0 || y !== y0 || heading !== 0);
  return corners;
}

/** @returns width * height. @throws PictureError where the mask has fewer bytes. */
function expectMask(bytes: Uint8Array, width: number, height: number): number {
  const count = width * height;
  if (!(width >= 0 && height >= 0 && bytes.length >= count))
    throw new PictureError(`mask: ${bytes.length} bytes for ${width} x ${height} pixels, expected ${count}`);
  return count;
}
