import { expect, test } from 'vitest';
import { drawOverlay } from '../../weights-tools/overlay.ts';

const WIDTH = 5;
const HEIGHT = 5;
const grey = new Uint8ClampedArray(WIDTH * HEIGHT * 4).fill(100);
const pixel = (rgb: Uint8Array, x: number, y: number) => [
  ...rgb.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3),
];

test('background stays, an edge is opaque, what is inside is translucent', () => {
  const classMap = Uint8Array.from({ length: 25 }, (_, i) => Number(i % 5 > 0 && i > 4));
  const rgb = drawOverlay(grey, classMap, WIDTH, HEIGHT);
  expect(pixel(rgb, 0, 0)).toEqual([100, 100, 100]);
  expect(pixel(rgb, 1, 1)).toEqual([86, 180, 233]);
  expect(pixel(rgb, 3, 1)).toEqual([86, 180, 233]);
  expect(pixel(rgb, 3, 3)).toEqual([86, 180, 233].map((to) => Math.round(100 + 0.35 * (to - 100))));
  // The picture's own edge is no contour.
  expect(pixel(rgb, 4, 3)).toEqual(pixel(rgb, 3, 3));
});

test('classes have colours of their own, over again after the ninth; they part with contours', () => {
  const classMap = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 < 2 ? 2 : 255));
  const rgb = drawOverlay(grey, classMap, WIDTH, HEIGHT);
  expect(pixel(rgb, 1, 2)).toEqual([240, 170, 50]);
  // 255 = 28 * 9 + 3.
  expect(pixel(rgb, 2, 2)).toEqual([40, 200, 150]);
  expect(pixel(rgb, 4, 2)).not.toEqual([40, 200, 150]);
});

test('the contour of a large picture is thicker', () => {
  const side = 800;
  const classMap = Uint8Array.from({ length: side * side }, (_, i) => Number(i % side >= 400));
  const rgb = drawOverlay(new Uint8ClampedArray(side * side * 4), classMap, side, side);
  const red = (x: number) => rgb[(5 * side + x) * 3];
  expect([399, 400, 401, 402].map(red)).toEqual([0, 86, 86, Math.round(0.35 * 86)]);
});
