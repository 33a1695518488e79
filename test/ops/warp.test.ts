import { describe } from 'vitest';
import { warp } from '../../src/ops/warp.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

const SIDE = 19;

describe('warp', () => {
  for (const [name, [a, b, c, d, shiftX, shiftY], [width, height]] of [
    ['the picture as it is', [1, 0, 0, 1, 0, 0], [SIDE, SIDE]],
    ['its mirror image', [-1, 0, 0, 1, 13, 0], [13, SIDE]],
    ['turned by 30 degrees', [0.866, -0.5, 0.5, 0.866, 4, -3], [SIDE, 11]],
    ['a part of it', [0.8, 0, 0, 0.8, 1.5, 2.25], [SIDE, SIDE]],
  ] as const)
    gpuTest(name, async (gpu) => {
      const x = randomValues(SIDE * SIDE * 4, 1);
      const view = Float32Array.of(a, b, c, d, shiftX, shiftY, width, height);
      const [y = new Float32Array()] = await runGraph(gpu, (g, feed) =>
        warp(g, feed('x', [SIDE, SIDE, 4], x), feed('view', [8], view)),
      );
      const pixel = (row: number, col: number, k: number) =>
        row < 0 || col < 0 || row >= height || col >= width ? 0 : at(x, (row * SIDE + col) * 4 + k);
      const expected = Array.from(y, (_, i) => {
        const [k, q, r] = [i % 4, (Math.floor(i / 4) % SIDE) + 0.5, Math.floor(i / 4 / SIDE) + 0.5];
        const [px, py] = [a * q + b * r + shiftX - 0.5, c * q + d * r + shiftY - 0.5];
        const [col, row] = [Math.floor(px), Math.floor(py)];
        const upper = pixel(row, col, k) * (1 - px + col) + pixel(row, col + 1, k) * (px - col);
        const lower = pixel(row + 1, col, k) * (1 - px + col) + pixel(row + 1, col + 1, k) * (px - col);
        return upper * (1 - py + row) + lower * (py - row);
      });
      // A place that rounds to the other side of a pixel's middle has the same value: the map is continuous.
      expectClose('y', y, expected, { rtol: 0, atol: 2e-5, why: 'places up to 19 are known to 2^-20' });
    });
});
