import { kindOf, ShapeError } from '../../errors.ts';
import type { Box } from '../types.ts';
import { squaredDistances } from './distance.ts';

/** Which pixels belong to one object: width * height bytes, row by row; not 0 is inside. */
export interface BinaryMask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * The mask of one class out of a map of class numbers.
 * @throws ShapeError as `checkMask`
 */
export function maskOfClass(
  classMap: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  classNumber: number,
): BinaryMask {
  checkMask({ width, height, data: classMap });
  return { width, height, data: classMap.map((value) => Number(value === classNumber)) };
}

/** @throws ShapeError for what is no Uint8Array, for a size that is none, and where there are fewer bytes than pixels */
export function checkMask({ width, height, data }: BinaryMask): void {
  if (kindOf(data) !== 'Uint8Array')
    throw new ShapeError(
      `mask: got ${kindOf(data)}, expected a Uint8Array of a byte a pixel; Uint8Array.from(values, Number) makes one`,
    );
  if (!(Number.isInteger(width) && Number.isInteger(height) && width >= 0 && height >= 0))
    throw new ShapeError(`mask: got ${width} x ${height} pixels, expected whole numbers of 0 or more`);
  if (data.length < width * height)
    throw new ShapeError(
      `mask: ${data.length} bytes for ${width} x ${height} pixels, expected ${width * height}`,
    );
}

/** The tight box around what is inside, x1 and y1 on the far edge; undefined where the mask is empty. */
export function tightBox({ width, height, data }: BinaryMask): Box | undefined {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!data[y * width + x]) continue;
      x0 = Math.min(x0, x);
      y0 = Math.min(y0, y);
      x1 = Math.max(x1, x + 1);
      y1 = y + 1;
    }
  return x1 === 0 ? undefined : [x0, y0, x1, y1];
}

/**
 * The pixel inside that is farthest from everything outside, where a person who is asked for one click would put it:
 * [x, y], the first in reading order where several are; undefined where the mask is empty. Beyond the picture is outside.
 */
export function deepestPoint(mask: BinaryMask): readonly [x: number, y: number] | undefined {
  const box = tightBox(mask);
  if (!box) return undefined;
  const [x0, y0, x1, y1] = box;
  // A frame of one pixel that is outside.
  const [width, height] = [x1 - x0 + 2, y1 - y0 + 2];
  const outside = new Uint8Array(width * height).fill(1);
  for (let y = y0; y < y1; y++)
    for (let x = x0; x < x1; x++)
      outside[(y - y0 + 1) * width + x - x0 + 1] = mask.data[y * mask.width + x] ? 0 : 1;
  const depths = squaredDistances(outside, width, height);
  let deepest = 0;
  depths.forEach((depth, at) => {
    if (depth > (depths[deepest] ?? 0)) deepest = at;
  });
  return [x0 - 1 + (deepest % width), y0 - 1 + Math.floor(deepest / width)];
}
