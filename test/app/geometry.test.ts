import { expect, test } from 'vitest';
import {
  boxBetween,
  corners,
  fitCamera,
  pan,
  pixelAt,
  toPicture,
  toScreen,
  zoomAt,
} from '../../app/src/viewer/geometry.ts';
import { pinched, pinchOf } from '../../app/src/viewer/touch.ts';

const picture = { width: 636, height: 533 };
const view = { width: 944, height: 770 };
const camera = { scale: 1.38, x: 33.2, y: -17.9 };

test("the screen and the picture are each other's inverse", () => {
  for (const at of [
    { x: 0, y: 0 },
    { x: 635.5, y: 532.25 },
    { x: -40, y: 900 },
  ]) {
    const back = toPicture(camera, toScreen(camera, at));
    expect(back.x).toBeCloseTo(at.x, 9);
    expect(back.y).toBeCloseTo(at.y, 9);
  }
});

test('a fitted picture is whole, centred, and touches the margin of the tighter side', () => {
  for (const size of [
    picture,
    { width: 20, height: 4000 },
    { width: 3000, height: 100 },
    { width: 1, height: 1 },
  ]) {
    const fitted = fitCamera(view, size, 16);
    const from = toScreen(fitted, { x: 0, y: 0 });
    const to = toScreen(fitted, { x: size.width, y: size.height });
    expect(from.x + to.x).toBeCloseTo(view.width, 6);
    expect(from.y + to.y).toBeCloseTo(view.height, 6);
    expect(Math.min(from.x, from.y)).toBeGreaterThanOrEqual(16 - 1e-9);
  }
});

test('zooming keeps what is under the pointer there, within limits', () => {
  const at = { x: 700, y: 123 };
  const before = toPicture(camera, at);
  const after = toPicture(zoomAt(camera, at, 3.7), at);
  expect(after.x).toBeCloseTo(before.x, 9);
  expect(after.y).toBeCloseTo(before.y, 9);
  expect(zoomAt(camera, at, 1e9).scale).toBe(zoomAt(camera, at, 1e6).scale);
  expect(zoomAt(camera, at, 1e-9).scale).toBeGreaterThan(0);
});

test('the picture cannot be pushed out of sight', () => {
  for (const by of [
    { x: 1e6, y: 1e6 },
    { x: -1e6, y: -1e6 },
  ]) {
    const pushed = pan(camera, by, view, picture);
    const from = toScreen(pushed, { x: 0, y: 0 });
    const to = toScreen(pushed, { x: picture.width, y: picture.height });
    expect(from.x).toBeLessThan(view.width);
    expect(from.y).toBeLessThan(view.height);
    expect(to.x).toBeGreaterThan(0);
    expect(to.y).toBeGreaterThan(0);
  }
});

test('a point is the pixel that holds it; beside the picture, the nearest', () => {
  expect(pixelAt({ x: 372.99, y: 325 }, picture)).toEqual({ x: 372, y: 325 });
  expect(pixelAt({ x: -3, y: 533 }, picture)).toEqual({ x: 0, y: 532 });
});

test('a box lies on pixel edges, whichever corner it was begun at, and within the picture', () => {
  expect(boxBetween({ x: 570.6, y: 302.4 }, { x: 219.6, y: 371.7 }, picture)).toEqual([220, 302, 571, 372]);
  expect(boxBetween({ x: -50, y: -50 }, { x: 1e4, y: 1e4 }, picture)).toEqual([0, 0, 636, 533]);
  expect(boxBetween({ x: 10.2, y: 5 }, { x: 10.4, y: 50 }, picture)).toBeNull();
  expect(boxBetween({ x: -9, y: 5 }, { x: -2, y: 50 }, picture)).toBeNull();
});

test('screen positions of whole pixels come back exactly where a picture pixel is at least a screen pixel', () => {
  for (const x of [0, 1, 219, 220, 571, 635]) {
    const screen = toScreen(camera, { x, y: x % 500 });
    const rounded = { x: Math.round(screen.x), y: Math.round(screen.y) };
    const box = boxBetween(toPicture(camera, rounded), { x: 636, y: 533 }, picture);
    expect(box?.slice(0, 2)).toEqual([x, x % 500]);
  }
});

test('the corner after the next is the opposite one', () => {
  const all = corners([1, 2, 3, 4]);
  expect(all[0]).toEqual({ x: 1, y: 2 });
  expect(all[2]).toEqual({ x: 3, y: 4 });
});

test('two fingers keep what is between them', () => {
  const before = pinchOf({ x: 100, y: 100 }, { x: 200, y: 100 });
  const after = pinchOf({ x: 150, y: 300 }, { x: 350, y: 300 });
  const moved = pinched(camera, before, after);
  const at = toScreen(moved, toPicture(camera, before.middle));
  expect(moved.scale).toBeCloseTo(camera.scale * 2, 9);
  expect(at.x).toBeCloseTo(after.middle.x, 9);
  expect(at.y).toBeCloseTo(after.middle.y, 9);
});
