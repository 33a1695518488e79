import { expect, test } from 'vitest';
import {
  deepestPoint,
  randomStream,
  type Spacing,
  squaredDistances,
  tightBox,
} from '../../src/evaluation.ts';
import { drawn, noise, shape } from './shapes.ts';

/** The definition: the least over all marked pixels. */
function byDefinition(marked: Uint8Array, width: number, height: number, [stepX, stepY]: Spacing): number[] {
  return Array.from({ length: width * height }, (_, i) => {
    let least = Number.POSITIVE_INFINITY;
    marked.forEach((is, j) => {
      if (!is) return;
      const dx = ((i % width) - (j % width)) * stepX;
      const dy = (Math.floor(i / width) - Math.floor(j / width)) * stepY;
      least = Math.min(least, dx * dx + dy * dy);
    });
    return least;
  });
}

test('distances are those of the definition, on 120 pictures of any shape and spacing', () => {
  const random = randomStream(1);
  for (let round = 0; round < 120; round++) {
    const [width, height] = [1 + Math.floor(random() * 24), 1 + Math.floor(random() * 24)];
    const spacing: Spacing = round % 2 === 0 ? [1, 1] : [0.05 + random(), 0.05 + random()];
    const { data } = noise(width, height, random, [0, 0.02, 0.5][round % 3] ?? 0);
    const expected = byDefinition(data, width, height, spacing);
    const got = squaredDistances(data, width, height, spacing);
    // Whole pixels are exact; other spacings pass through a few f64 roundings.
    if (round % 2 === 0) expect([...got]).toEqual(expected);
    else
      got.forEach((value, i) => {
        const exact = expected[i] ?? Number.NaN;
        if (exact === Number.POSITIVE_INFINITY) expect(value).toBe(exact);
        else expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-12 * (1 + exact));
      });
  }
});

test('nothing marked is infinitely far, everything marked is at 0', () => {
  expect([...squaredDistances(new Uint8Array(6), 3, 2)]).toEqual(new Array(6).fill(Number.POSITIVE_INFINITY));
  expect([...squaredDistances(new Uint8Array(6).fill(1), 3, 2)]).toEqual(new Array(6).fill(0));
});

test('the tight box has its far edges beyond the last pixels', () => {
  expect(tightBox(drawn('.....', '..##.', '...#.'))).toEqual([2, 1, 4, 3]);
  expect(tightBox(drawn('#'))).toEqual([0, 0, 1, 1]);
  expect(tightBox(drawn('...', '...'))).toBeUndefined();
});

test('the deepest point is inside and farthest from the outside, beyond the picture too', () => {
  expect(deepestPoint(shape(9, 9, (x, y) => Math.hypot(x - 5, y - 4) < 3.5))).toEqual([5, 4]);
  // Of a full picture it is the middle, not a corner.
  expect(deepestPoint(shape(7, 5, () => true))).toEqual([2, 2]);
  // Of a ring it is on the ring, not in the hole.
  const ring = shape(41, 41, (x, y) => Math.abs(Math.hypot(x - 20, y - 20) - 14) < 3);
  const [x = 0, y = 0] = deepestPoint(ring) ?? [];
  expect(ring.data[y * 41 + x]).toBe(1);
  expect(deepestPoint(drawn('..', '..'))).toBeUndefined();
});
