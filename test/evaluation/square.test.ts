import { expect, test } from 'vitest';
import { randomStream } from '../../src/evaluation.ts';
import type { MaskResult } from '../../src/index.ts';
import { enlargeLogits, masksInSquare, shrinkMap } from '../../weights-tools/eval/square.ts';

test('class numbers are taken where a pixel’s centre lies', () => {
  const map = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...shrinkMap(map, { width: 4, height: 2 }, { width: 2, height: 1 })]).toEqual([6, 8]);
  expect([...shrinkMap(map, { width: 4, height: 2 }, { width: 4, height: 2 })]).toEqual([...map]);
  expect([...shrinkMap(Uint8Array.from([1, 2]), { width: 2, height: 1 }, { width: 4, height: 2 })]).toEqual([
    1, 1, 2, 2, 1, 1, 2, 2,
  ]);
});

test('logits are enlarged as by PyTorch: centres at (i + 1/2) / 4, edges repeated', () => {
  const random = randomStream(5);
  const low = Float32Array.from({ length: 64 * 64 }, () => random() * 8 - 4);
  const got = enlargeLogits(low, 256, { width: 256, height: 200 });
  expect(got).toHaveLength(256 * 200);
  // The definition: a weighted sum over all samples, with a tent of width 1 around the (clamped) place.
  const clamp = (place: number) => Math.min(63, Math.max(0, place));
  const tent = (distance: number) => Math.max(0, 1 - Math.abs(distance));
  for (const [x, y] of [
    [0, 0],
    [1, 1],
    [2, 3],
    [255, 199],
    [100, 57],
    [254, 2],
  ] as const) {
    const [u, v] = [clamp((x + 0.5) / 4 - 0.5), clamp((y + 0.5) / 4 - 0.5)];
    const sum = low.reduce(
      (all, value, i) => all + value * tent((i % 64) - u) * tent(Math.floor(i / 64) - v),
      0,
    );
    // A few roundings of f32 at values under 4.
    expect(Math.abs((got[y * 256 + x] ?? 0) - sum)).toBeLessThan(1e-5);
  }
});

test('of several classes the largest positive logit has the pixel; a low object score leaves nothing', () => {
  const result = (logit: number, objectScore: number | null) =>
    ({ lowResLogits: new Float32Array(64 * 64).fill(logit), objectScore }) as unknown as MaskResult;
  const firsts = (results: readonly MaskResult[], isAuto = true) =>
    masksInSquare(results, 256, { width: 2, height: 1 }, isAuto).map(({ data }) => [...data]);
  const [none, all] = [
    [0, 0],
    [1, 1],
  ];
  expect(firsts([result(2, 1), result(3, 1)])).toEqual([none, all]);
  expect(firsts([result(2, 1), result(3, -1)])).toEqual([all, none]);
  expect(firsts([result(-2, null), result(-3, null)])).toEqual([none, none]);
  // Exactly SAM: its predictor does not look at the score.
  expect(firsts([result(2, -1)], false)).toEqual([all]);
});
