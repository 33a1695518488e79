import type { Colour } from '../src/index.ts';

/** Fill and contour of class 1, 2, ... in the page's colours: told apart by colour-blind eyes too. */
const COLOURS: readonly Colour[] = [
  [86, 180, 233],
  [240, 170, 50],
  [40, 200, 150],
  [230, 140, 190],
  [240, 228, 66],
  [235, 110, 50],
  [160, 145, 245],
  [160, 220, 90],
  [225, 230, 235],
];
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
): Uint8Array {
  const isContour = contour(classMap, width, height);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < classMap.length; pixel++) {
    const classNumber = classMap[pixel] ?? 0;
    const colour = COLOURS[(classNumber - 1) % COLOURS.length];
    const opacity = classNumber === 0 ? 0 : isContour[pixel] ? 1 : FILL_OPACITY;
    for (let channel = 0; channel < 3; channel++) {
      const below = rgba[pixel * 4 + channel] ?? 0;
      rgb[pixel * 3 + channel] = Math.round(below + opacity * ((colour?.[channel] ?? 0) - below));
    }
  }
  return rgb;
}

/** 1 where a pixel of a class touches another class within the contour's thickness. */
function contour(classMap: Uint8Array, width: number, height: number): Uint8Array {
  const thickness = Math.max(1, Math.round(Math.max(width, height) / PIXELS_PER_CONTOUR));
  const ring = new Uint8Array(classMap.length);
  for (let round = 1; round <= thickness; round++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        if (classMap[at] === 0 || ring[at]) continue;
        const isNext = (neighbour: number) =>
          classMap[neighbour] !== classMap[at] || (round > 1 && ring[neighbour] === round - 1);
        if (
          (x > 0 && isNext(at - 1)) ||
          (x + 1 < width && isNext(at + 1)) ||
          (y > 0 && isNext(at - width)) ||
          (y + 1 < height && isNext(at + width))
        )
          ring[at] = round;
      }
    }
  }
  return ring;
}
