import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { dropout } from '../../src/ops/dropout.ts';
import { dropoutGrad } from '../../src/ops/dropout-grad.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';

/** pcg4d, word by word, with 64-bit integers. */
function hash(counters: readonly number[]): number[] {
  const wrap = (v: bigint) => v & 0xffffffffn;
  let [x = 0n, y = 0n, z = 0n, w = 0n] = counters.map((v) => wrap(BigInt(v) * 1664525n + 1013904223n));
  const round = () => {
    x = wrap(x + y * w);
    y = wrap(y + z * x);
    z = wrap(z + x * y);
    w = wrap(w + y * z);
  };
  round();
  [x, y, z, w] = [x ^ (x >> 16n), y ^ (y >> 16n), z ^ (z >> 16n), w ^ (w >> 16n)];
  round();
  return [x, y, z, w].map(Number);
}

/** Which of `count` values are kept, by definition. */
const kept = (count: number, seed: number, salt: number, rate: number) =>
  Array.from({ length: count / 4 }, (_, i) => hash([i, salt, seed, 0]).map((word) => word / 2 ** 32 >= rate))
    .flat()
    .map(Number);

/** What dropout makes of ones, for each seed and salt. */
async function masks(gpu: GPU, count: number, rate: number, uses: readonly (readonly [number, number])[]) {
  const made = await runGraph(gpu, (g, feed) => {
    const x = feed('x', [count], new Float32Array(count).fill(1));
    return uses.map(([seed, salt], i) =>
      dropout(g, x, feed(`seed${i}`, [1], Uint32Array.of(seed)), { rate, salt }),
    );
  });
  return made.map((mask) => [...mask]);
}

describe('dropout', () => {
  // Below, at and above a workgroup of 64 lanes of 4; a prime of lanes; one lane; seeds and salts of all bits.
  for (const [count, rate, seed, salt] of [
    [4, 0.5, 1, 0],
    [252, 0.1, 0xffffffff, 1],
    [256, 0.25, 12345, 0xffffffff],
    [260, 0.9, 7, 2],
    [4 * 101, 1 / 3, 0, 3],
  ] as const)
    gpuTest(`${count} values, rate ${rate.toFixed(2)}, and its gradient added to another`, async (gpu) => {
      const [x, dy] = [randomValues(count, 1), randomValues(count, 2)];
      const [y, dx] = await runGraph(gpu, (g, feed) => {
        const from = g.watch(feed('x', [count], x));
        const words = feed('seed', [1], Uint32Array.of(seed));
        const c = feed('dy', [count], dy);
        const uses = [1, 2].map(() => dropout(g, from, words, { rate, salt }));
        for (const use of uses) g.accumulate(use, () => c);
        g.backward([dropoutGrad]);
        const gradient = g.gradientOf(from);
        const [first] = uses;
        if (!gradient || !first) throw new Error('x got no gradient');
        return [first, gradient];
      });
      const keep = kept(count, seed, salt, rate);
      const tolerance = {
        rtol: 2 ** -22,
        atol: 1e-30,
        why: 'the factor and a product or two, rounded by 2^-24 each',
      };
      expectClose(
        'y',
        y ?? [],
        Array.from(x, (v, i) => (v * (keep[i] ?? 0)) / (1 - rate)),
        tolerance,
      );
      expectClose(
        'dx',
        dx ?? [],
        Array.from(dy, (v, i) => (2 * v * (keep[i] ?? 0)) / (1 - rate)),
        tolerance,
      );
    });

  gpuTest('drops as many as the rate says, independently of place, seed and salt', async (gpu) => {
    const [count, rate] = [2 ** 16, 0.3];
    const uses = [
      [1, 0],
      [1, 0],
      [2, 0],
      [1, 1],
      [0, 1],
    ] as const;
    const [first = [], again = [], ...others] = await masks(gpu, count, rate, uses);
    expect(again).toEqual(first);
    const deviation = Math.sqrt(rate * (1 - rate) * count);
    for (const mask of [first, ...others]) {
      const zeros = mask.reduce((sum, v) => sum + Number(v === 0), 0);
      expect(Math.abs(zeros - rate * count)).toBeLessThan(4 * deviation);
      expect(mask.reduce((sum, v) => sum + v, 0) / count).toBeCloseTo(1, 2);
    }
    // Pairs of independent masks agree with this probability; so does a mask with itself, shifted.
    const agree = rate ** 2 + (1 - rate) ** 2;
    const agreement = (a: ArrayLike<number>, b: ArrayLike<number>, shift: number) =>
      Array.from({ length: count }, (_, i) => Number(a[i] === b[(i + shift) % count])).reduce(
        (s, v) => s + v,
        0,
      );
    const pairs = [
      ...others.map((other) => agreement(first, other, 0)),
      ...[1, 2, 3, 4, 64, 256, 1024].map((shift) => agreement(first, first, shift)),
    ];
    for (const pair of pairs)
      expect(Math.abs(pair - agree * count)).toBeLessThan(5 * Math.sqrt(agree * (1 - agree) * count));
  });

  gpuTest('drops a channel of a map at every pixel or at none', async (gpu) => {
    const [pixels, channels, rate] = [35, 64, 0.4];
    const [y = new Float32Array()] = await runGraph(gpu, (g, feed) => {
      const x = feed('x', [5, 7, channels], new Float32Array(pixels * channels).fill(1));
      return dropout(g, x, feed('seed', [1], Uint32Array.of(9)), { rate, salt: 1 });
    });
    const mask = kept(channels, 9, 1, rate);
    expectClose(
      'y',
      y,
      Array.from({ length: pixels * channels }, (_, i) => (mask[i % channels] ?? 0) / (1 - rate)),
      { rtol: 2 ** -22, atol: 1e-30, why: 'one factor' },
    );
  });

  it('is nothing at a rate of 0, and says what is out of range', () => {
    const g = new Graph('test');
    const [x, seed] = [g.tensor('x', [8]), g.external('seed', [1], 'u32')];
    expect(dropout(g, x, seed, { rate: 0, salt: 0 })).toBe(x);
    expect(() => dropout(g, x, seed, { rate: 1, salt: 0 })).toThrow('dropout: the rate is 1');
    expect(() => dropout(g, x, seed, { rate: 0.1, salt: -1 })).toThrow('dropout: the salt is -1');
    expect(() => dropout(g, x, x, { rate: 0.1, salt: 0 })).toThrow(
      "dropout: 'x' has shape [8], expected [1]",
    );
  });
});
