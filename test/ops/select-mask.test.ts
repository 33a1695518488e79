import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { selectMask } from '../../src/ops/select-mask.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

/** SAM2's rule, from its words: the stability score, then the best of the others. */
function stableChoice(
  masks: Float32Array,
  ious: readonly number[],
  delta: number,
  threshold: number,
): number {
  const first = [...masks.subarray(0, masks.length / ious.length)];
  const inner = first.filter((v) => v > Math.fround(delta)).length;
  const outer = first.filter((v) => v > -Math.fround(delta)).length;
  const score = outer > 0 ? inner / outer : 1;
  if (score >= threshold) return 0;
  return ious.indexOf(Math.max(...ious.slice(1)), 1);
}

/** Mask 0 with this many logits of 1, 0 (within delta) and -1, at seeded places; the other masks are random. */
function masksWith(pixels: number, certain: number, uncertain: number, count = 4): Float32Array<ArrayBuffer> {
  const masks = randomValues(count * pixels, 7);
  const order = [...masks.subarray(0, pixels).keys()].sort((a, b) => at(masks, a) - at(masks, b));
  order.forEach((pixel, i) => {
    masks[pixel] = i < certain ? 1 : i < certain + uncertain ? 0 : -1;
  });
  return masks;
}

const IOUS = [0.5, 0.7, 0.9, 0.8];

describe('selectMask', () => {
  for (const [mode, first, count] of [
    ['single', 0, 1],
    ['multi', 1, 3],
  ] as const)
    gpuTest(`${mode}: masks ${first} to ${first + count}`, async (gpu) => {
      const masks = randomValues(4 * 6 * 10, 1);
      let shape: readonly number[] = [];
      const [m, ious] = await runGraph(gpu, (g, feed) => {
        const rated = selectMask(
          g,
          feed('m', [4, 6, 10], masks),
          feed('i', [1, 4], Float32Array.from(IOUS)),
          { mode },
        );
        shape = rated.masks.shape;
        return [rated.masks, rated.ious];
      });
      expect(shape).toEqual([count, 6, 10]);
      expect([...(m ?? [])]).toEqual([...masks.subarray(first * 60, (first + count) * 60)]);
      expect([...(ious ?? [])]).toEqual(IOUS.slice(first, first + count).map(Math.fround));
    });

  // Pixels below, at and above 128 lanes of 4; a score below, at and above the threshold; nothing at all.
  for (const [name, [height, width], certain, uncertain, ious] of [
    ['stable', [32, 32], 995, 5, IOUS],
    ['unstable', [32, 32], 900, 100, IOUS],
    ['exactly at the threshold', [10, 10], 98, 2, IOUS],
    ['exactly at the threshold, fewer pixels', [16, 32], 49, 1, IOUS],
    ['one pixel below the threshold', [10, 12], 97, 2, IOUS],
    ['an empty mask counts as stable', [4, 4], 0, 0, IOUS],
    ['nothing certain', [4, 1], 0, 3, IOUS],
    ['of equal estimates the first', [12, 44], 3, 3, [0.9, 0.2, 0.6, 0.6]],
    ['the best is the last', [32, 36], 3, 3, [0.9, -0.2, -0.6, -0.1]],
    ['two masks', [4, 4], 3, 3, [0.9, 0.1]],
  ] as const)
    gpuTest(`stable: ${name}`, async (gpu) => {
      const pixels = height * width;
      const masks = masksWith(pixels, certain, uncertain, ious.length);
      const [m, iou] = await runGraph(gpu, (g, feed) => {
        const rated = selectMask(
          g,
          feed('m', [ious.length, height, width], masks),
          feed('i', [ious.length], Float32Array.from(ious)),
          { mode: 'stable', delta: 0.05, threshold: 0.98 },
        );
        return [rated.masks, rated.ious];
      });
      const chosen = stableChoice(masks, ious, 0.05, 0.98);
      expect([...(iou ?? [])]).toEqual([Math.fround(at(ious, chosen))]);
      expect([...(m ?? [])]).toEqual([...masks.subarray(chosen * pixels, (chosen + 1) * pixels)]);
    });

  it('names the tensors that do not fit', () => {
    const g = new Graph('test');
    expect(() => selectMask(g, g.tensor('m', [4, 8, 8]), g.tensor('i', [3]), { mode: 'single' })).toThrow(
      "selectMask: 'm' [4,8,8] with 'i' [3], expected [M,h,w] with M values",
    );
  });
});
