import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/tasks/evaluate/random.ts';
import { quarterMask, supervisionOf, truthOf } from '../../src/tasks/train/example.ts';
import { centreOf, labelsSeen, type View, viewsOf } from '../../src/tasks/train/view.ts';

const UPRIGHT: View = { a: 1, b: 0, c: 0, d: 1, shiftX: 0, shiftY: 0 };
const content = { width: 8, height: 6 };
/** A class map of the content's size, with class 2 at one pixel. */
function dot(x: number, y: number) {
  const classMap = new Uint8Array(48);
  classMap[y * 8 + x] = 2;
  return { width: 8, height: 6, classMap };
}
const placesOf = (seen: Uint8Array) =>
  Array.from(seen.keys())
    .filter((i) => seen[i] === 2)
    .map((i) => [i % 8, Math.floor(i / 8)]);

describe('views', () => {
  test('the first is the picture itself, the second its mirror image', () => {
    const [upright = UPRIGHT, mirror = UPRIGHT] = viewsOf('mirror', content, [4, 3], randomStream(1));
    expect(placesOf(labelsSeen(dot(1, 2), content, upright, 8))).toEqual([[1, 2]]);
    expect(placesOf(labelsSeen(dot(1, 2), content, mirror, 8))).toEqual([[6, 2]]);
  });

  test('labels of a larger picture are its nearest pixels, and padding is background', () => {
    const classMap = new Uint8Array(16 * 12).fill(1);
    const seen = labelsSeen({ width: 16, height: 12, classMap }, content, UPRIGHT, 8);
    expect([...seen.subarray(0, 48)]).toEqual(Array(48).fill(1));
    expect([...seen.subarray(48)]).toEqual(Array(16).fill(0));
  });

  test('all are drawn anew for another seed, are the same for the same, and none is bent', () => {
    const draw = (seed: number) => viewsOf('full', content, [2, 2], randomStream(seed));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    for (const seed of Array(50).keys())
      for (const { a, b, c, d } of draw(seed)) {
        const area = Math.abs(a * d - b * c);
        // Two crops of 0.8 at most; rotation and mirroring keep areas and angles.
        expect(area).toBeGreaterThan(0.8 ** 4 - 1e-9);
        expect(area).toBeLessThan(1 + 1e-9);
        expect(a * b + c * d).toBeCloseTo(0, 12);
      }
  });

  test('the middle of the labels is that of their pixels, in the square', () => {
    expect(centreOf(dot(3, 1), content)).toEqual([3.5, 1.5]);
    expect(centreOf({ ...dot(0, 0), classMap: new Uint8Array(48) }, content)).toEqual([4, 3]);
  });
});

describe('what is true of a picture', () => {
  const labels = new Uint8Array(64 * 64);
  for (let y = 10; y <= 20; y++) for (let x = 5; x <= 30; x++) labels[y * 64 + x] = 1;
  for (let x = 0; x < 10; x++) labels[x] = 2;

  test('a box runs from the first to the last pixel; ten pixels are an empty mask', () => {
    expect(truthOf(labels, 64, 1)).toMatchObject({ box: [5, 10, 30, 20], empty: false });
    expect(truthOf(labels, 64, 2)).toMatchObject({ box: [0, 0, 0, 0], empty: true });
  });

  test('means are over the non-empty masks of the batch; all count for the object score', () => {
    const [first = new Float32Array(), second] = supervisionOf([
      [truthOf(labels, 64, 1), truthOf(labels, 64, 2)],
      [truthOf(labels, 64, 1), truthOf(labels, 64, 3)],
    ]);
    expect([...first]).toEqual([...Float32Array.of(1 / (2 + 1e-6), 0.5, 0.95, 0.25, 0, 0, 0.05, 0.25)]);
    expect(second).toEqual(first);
  });

  test('a batch of empty masks has no weight but the object score', () => {
    const [only = new Float32Array()] = supervisionOf([[truthOf(labels, 64, 3)]]);
    expect([...only]).toEqual([...Float32Array.of(0, 0, 0.05, 1)]);
  });

  test('a mask prompt is the mean of the middle four of sixteen pixels', () => {
    const mask = new Float32Array(64).fill(0);
    mask[1 * 8 + 1] = 1;
    mask[2 * 8 + 6] = 1;
    mask[0] = 1;
    expect([...quarterMask(mask, 8)]).toEqual([0.25, 0.25, 0, 0]);
  });
});
