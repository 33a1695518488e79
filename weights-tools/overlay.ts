import { CLASS_COLOURS } from '../src/tasks/masks/palette.ts';

const FILL_OPACITY = 0.35;
/** The contour is one pixel thick for each of these along the longer side. */
const PIXELS_PER_CONTOUR = 400;

/**
 * The picture with each class filled translucently and outlined.
 * @param rgba width * height * 4
 * @param classMap width * height class numbers, 0 is background
 * @returns RGB, width * height * 3
 */
export function drawOverlay(
  rgba: Uint8ClampedArray,
  classMap: Uint8Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const isContour = contour(classMap, width, height);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const classNumber = classMap[pixel] ?? 0;
    const colour = CLASS_COLOURS[(classNumber - 1) % CLASS_COLOURS.length] ?? [0, 0, 0];
    const opacity = classNumber === 0 ? 0 : isContour[pixel] ? 1 : FILL_OPACITY;
    for (let channel = 0; channel < 3; channel++) {
      const below = rgba[pixel * 4 + channel] ?? 0;
      rgb[pixel * 3 + channel] = below + opacity * ((colour[channel] ?? 0) - below) + 0.5;
    }
  }
  return rgb;
}

/** 1 where a pixel of a class is within the contour's thickness of another class. */
function contour(classMap: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const isContour = new Uint8Array(width * height);
  let front: number[] = [];
  for (let at = 0; at < isContour.length; at++) {
    const own = classMap[at];
    if (own !== 0 && neighbours(at, width, height).some((next) => classMap[next] !== own)) front.push(at);
  }
  for (const at of front) isContour[at] = 1;
  const thickness = Math.max(1, Math.round(Math.max(width, height) / PIXELS_PER_CONTOUR));
  for (let grown = 1; grown < thickness; grown++) {
    front = front.flatMap((at) =>
      neighbours(at, width, height).filter((next) => {
        const isNew = classMap[next] === classMap[at] && !isContour[next];
        if (isNew) isContour[next] = 1;
        return isNew;
      }),
    );
  }
  return isContour;
}

/** Left, right, above and below, as far as the picture goes. */
function neighbours(at: number, width: number, height: number): number[] {
  const x = at % width;
  const list: number[] = [];
  if (x > 0) list.push(at - 1);
  if (x + 1 < width) list.push(at + 1);
  if (at >= width) list.push(at - width);
  if (at + width < width * height) list.push(at + width);
  return list;
}
