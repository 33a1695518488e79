import { describe, expect } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { maskLoss } from '../../src/ops/mask-loss.ts';
import { boxLoss, objectLoss } from '../../src/ops/prompt-loss.ts';
import { expectClose, randomValues, relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log1p(Math.exp(x));

/** torch.nn.functional.interpolate, bilinear, align_corners false. */
function upsample(values: ArrayLike<number>, side: number, image: number): number[] {
  const place = (i: number) => Math.max(((i + 0.5) * side) / image - 0.5, 0);
  const pick = (y: number, x: number) => at(values, Math.min(y, side - 1) * side + Math.min(x, side - 1));
  return Array.from({ length: image * image }, (_, i) => {
    const [y, x] = [place(Math.floor(i / image)), place(i % image)];
    const [row, col] = [Math.floor(y), Math.floor(x)];
    const [down, right] = [y - row, x - col];
    const upper = pick(row, col) * (1 - right) + pick(row, col + 1) * right;
    const lower = pick(row + 1, col) * (1 - right) + pick(row + 1, col + 1) * right;
    return upper * (1 - down) + lower * down;
  });
}

/** losses/dice_loss.py, and torchvision's sigmoid_focal_loss with gamma 3, of one mask. */
function maskLosses(
  logits: ArrayLike<number>,
  side: number,
  target: ArrayLike<number>,
  image: number,
  alpha: number,
) {
  let [overlap, sum, labels, focal] = [0, 0, 0, 0];
  upsample(logits, side, image).forEach((x, i) => {
    const y = at(target, i);
    const p = sigmoid(x);
    const pt = p * y + (1 - p) * (1 - y);
    overlap += p * y;
    sum += p;
    labels += y;
    focal += (alpha * y + (1 - alpha) * (1 - y)) * (1 - pt) ** 3 * (softplus(x) - x * y);
  });
  return {
    sums: [overlap, sum, labels, focal],
    dice: 1 - (2 * overlap + 1e-5) / (sum + labels + 1e-5),
    focal: focal / (image * image),
  };
}

/** Central differences of a function of some numbers. */
function slopes(of: (x: Float64Array) => number, x: ArrayLike<number>): number[] {
  const values = Float64Array.from(x);
  const side = (i: number, value: number) => {
    values[i] = value;
    return of(values);
  };
  return Array.from(x, (value, i) => {
    const slope = (side(i, value + 1e-5) - side(i, value - 1e-5)) / 2e-5;
    values[i] = value;
    return slope;
  });
}

function gradientOf(g: Graph, tensor: Tensor): Tensor {
  const gradient = g.gradientOf(tensor);
  if (!gradient) throw new Error(`'${tensor.name}' got no gradient`);
  return gradient;
}

describe('maskLoss', () => {
  for (const [side, image, alpha] of [
    [8, 32, 0.7],
    [16, 64, 0.6],
    [32, 32, 0.7],
    [48, 96, 0.3],
  ] as const)
    gpuTest(`of ${side}² logits against ${image}² labels, alpha ${alpha}`, async (gpu) => {
      const logits = randomValues(side * side, 1).map((v) => 6 * v);
      const target = randomValues(image * image, 2).map((v) => (v > 0.4 ? 1 : 0));
      const weight = 0.37;
      const [sums = new Float32Array(), gradient = new Float32Array()] = await runGraph(gpu, (g, feed) => {
        const fed = g.watch(feed('logits', [side, side], logits));
        const supervision = feed('supervision', [2, 4], Float32Array.of(9, 9, 9, 9, weight, 9, 9, 9));
        const of = { alpha, dice: 0.5, focal: 5, classIndex: 1 };
        const loss = maskLoss(g, fed, feed('target', [image, image], target), supervision, of);
        return [loss, gradientOf(g, fed)];
      });
      const expected = maskLosses(logits, side, target, image, alpha).sums;
      expect(relativeError(sums, expected)).toBeLessThan(1e-5);
      const total = (x: ArrayLike<number>) => {
        const { dice, focal } = maskLosses(x, side, target, image, alpha);
        return weight * (0.5 * dice + 5 * focal);
      };
      // A sixteenth of the logits is enough: each is a dozen evaluations of the whole loss.
      const some = Array.from({ length: Math.min(64, side * side) }, (_, i) => (i * 37) % (side * side));
      const all = slopesAt(total, logits, some);
      expect(
        relativeError(
          some.map((i) => at(gradient, i)),
          all,
        ),
      ).toBeLessThan(1e-3);
    });

  gpuTest('gives an empty mask, of weight 0, no gradient', async (gpu) => {
    const [gradient] = await runGraph(gpu, (g, feed) => {
      const logits = g.watch(feed('logits', [8, 8], randomValues(64, 1)));
      const supervision = feed('supervision', [1, 4], new Float32Array(4));
      const of = { alpha: 0.7, dice: 0.5, focal: 5, classIndex: 0 };
      maskLoss(g, logits, feed('target', [32, 32], new Float32Array(1024)), supervision, of);
      return gradientOf(g, logits);
    });
    expect(gradient).toEqual(new Float32Array(64));
  });
});

/** Slopes at some places alone. */
function slopesAt(
  of: (x: Float64Array) => number,
  x: ArrayLike<number>,
  places: readonly number[],
): number[] {
  const all = Float64Array.from(x);
  return places.map((i) =>
    at(
      slopes(
        (one) => {
          const before = at(all, i);
          all[i] = at(one, 0);
          const value = of(all);
          all[i] = before;
          return value;
        },
        [at(all, i)],
      ),
      0,
    ),
  );
}

/** Rezatofighi et al. 2019, equation 2, with torchvision's eps. */
function giouLoss(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [ax0, ay0, ax1, ay1] = Array.from(a) as [number, number, number, number];
  const [bx0, by0, bx1, by1] = Array.from(b) as [number, number, number, number];
  const width = Math.min(ax1, bx1) - Math.max(ax0, bx0);
  const height = Math.min(ay1, by1) - Math.max(ay0, by0);
  const overlap = width > 0 && height > 0 ? width * height : 0;
  const union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - overlap;
  const hull = (Math.max(ax1, bx1) - Math.min(ax0, bx0)) * (Math.max(ay1, by1) - Math.min(ay0, by0));
  return 1 - (overlap / (union + 1e-7) - (hull - union) / (hull + 1e-7));
}

describe('boxLoss', () => {
  for (const [name, box] of [
    ['overlaps', [0.1, 0.2, 0.5, 0.7]],
    ['lies inside', [0.35, 0.45, 0.5, 0.6]],
    ['lies around', [0.1, 0.2, 0.9, 1.3]],
    ['is apart', [0.8, 0.9, 0.95, 1.1]],
    ['is beside', [0.05, 0.42, 0.2, 0.65]],
  ] as const)
    gpuTest(`of a box that ${name}`, async (gpu) => {
      const target = [0.3, 0.4, 0.6, 0.75];
      const [loss = new Float32Array(), gradient = new Float32Array()] = await runGraph(gpu, (g, feed) => {
        const fed = g.watch(feed('box', [2, 2], Float32Array.from(box)));
        const targets = feed('targets', [2, 4], Float32Array.of(0, 0, 1, 1, ...target));
        const supervision = feed('supervision', [2, 4], Float32Array.of(9, 9, 9, 9, 9, 0.25, 9, 9));
        const value = boxLoss(g, fed, targets, supervision, 1);
        return [value, gradientOf(g, fed)];
      });
      expectClose('loss', loss, [giouLoss(box, target), 0, 0, 0], {
        rtol: 1e-5,
        atol: 1e-6,
        why: 'a few roundings',
      });
      const expected = slopes((x) => 0.25 * giouLoss(x, target), box);
      expect(relativeError(gradient, expected)).toBeLessThan(1e-3);
    });
});

describe('objectLoss', () => {
  for (const score of [-12, -9.5, -0.3, 0, 2, 9.9, 11])
    gpuTest(`of a score of ${score}`, async (gpu) => {
      const label = 0.95;
      const [loss = new Float32Array(), gradient = new Float32Array()] = await runGraph(gpu, (g, feed) => {
        const fed = g.watch(feed('score', [1], Float32Array.of(score)));
        const supervision = feed('supervision', [1, 4], Float32Array.of(9, 9, label, 0.25));
        return [objectLoss(g, fed, supervision, 0), gradientOf(g, fed)];
      });
      const of = (x: number) => {
        const clipped = Math.max(-10, Math.min(10, x));
        return softplus(clipped) - label * clipped;
      };
      expectClose('loss', loss, [of(score), 0, 0, 0], { rtol: 1e-5, atol: 1e-6, why: 'a few roundings' });
      const expected = slopes((x) => 0.25 * of(at(x, 0)), [score]);
      expectClose('gradient', gradient, expected, { rtol: 1e-3, atol: 1e-7, why: 'the issue' });
    });
});
