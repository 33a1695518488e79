import { describe } from 'vitest';
import { addPosition } from '../../src/ops/add-position.ts';
import { addPositionGrad } from '../../src/ops/add-position-grad.ts';
import { boxCorners } from '../../src/ops/box-corners.ts';
import { boxCornersGrad } from '../../src/ops/box-corners-grad.ts';
import { concatRows, sliceRows } from '../../src/ops/copy-rows.ts';
import { concatRowsGrad, sliceRowsGrad } from '../../src/ops/copy-rows-grad.ts';
import { dotRows } from '../../src/ops/dot-rows.ts';
import { dotRowsGrad } from '../../src/ops/dot-rows-grad.ts';
import { upsampleAdd } from '../../src/ops/upsample-add.ts';
import { upsampleAddGrad } from '../../src/ops/upsample-add-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from './definitions.ts';
import { expectGradient } from './gradient.ts';

const input = (shape: readonly number[], seed: number, frozen = false) => ({
  shape,
  values: randomValues(
    shape.reduce((product, n) => product * n, 1),
    seed,
  ),
  frozen,
});

describe('gradients of ops that move, add up or weigh rows', () => {
  gpuTest('concatRows of three, the middle one frozen', (gpu) =>
    expectGradient(gpu, {
      inputs: { a: input([2, 4], 1), b: input([1, 4], 2, true), c: input([17, 4], 3) },
      record: (g, { a, b, c }) => concatRows(g, [a, b, c]),
      definition: ({ a, b, c }) => [...a, ...b, ...c],
      derivatives: [concatRowsGrad],
    }),
  );

  gpuTest('concatRows of one vector four times', (gpu) =>
    expectGradient(gpu, {
      inputs: { a: input([5], 1) },
      record: (g, { a }) => concatRows(g, [a, a, a, a]),
      definition: ({ a }) => [...a, ...a, ...a, ...a],
      derivatives: [concatRowsGrad],
    }),
  );

  for (const [start, count] of [
    [0, 2],
    [3, 7],
    [67, 3],
    [0, 70],
  ] as const)
    gpuTest(`sliceRows ${start} to ${start + count} of 70`, (gpu) =>
      expectGradient(gpu, {
        inputs: { x: input([70, 4], 1) },
        record: (g, { x }) => sliceRows(g, x, start, count, { shape: [1, 4 * count] }),
        definition: ({ x }) => x.subarray(4 * start, 4 * (start + count)),
        derivatives: [sliceRowsGrad],
      }),
    );

  for (const [rows, inner] of [
    [1, 4],
    [63, 8],
    [64, 4],
    [65, 12],
    [4100, 4],
  ] as const)
    gpuTest(`dotRows [${rows},${inner}]`, (gpu) =>
      expectGradient(gpu, {
        inputs: { x: input([rows, inner], 1), w: input([inner], 2), b: input([1], 3) },
        record: (g, { x, w, b }) => dotRows(g, x, w, b),
        definition: ({ x, w, b }) =>
          Array.from({ length: rows }, (_, r) => {
            let sum = at(b, 0);
            for (let k = 0; k < inner; k++) sum += at(x, r * inner + k) * at(w, k);
            return sum;
          }),
        derivatives: [dotRowsGrad],
      }),
    );

  gpuTest('dotRows with frozen weights', (gpu) =>
    expectGradient(gpu, {
      inputs: { x: input([3, 8], 1), w: input([8], 2, true), b: input([1], 3, true) },
      record: (g, { x, w, b }) => dotRows(g, x, w, b),
      definition: ({ x, w, b }) =>
        [0, 1, 2].map((r) => w.reduce((sum, v, k) => sum + v * at(x, r * 8 + k), at(b, 0))),
      derivatives: [dotRowsGrad],
    }),
  );

  for (const boxes of [1, 3, 65])
    gpuTest(`boxCorners of ${boxes}`, (gpu) =>
      expectGradient(gpu, {
        inputs: { xywh: input([boxes, 4], 1) },
        record: (g, { xywh }) => boxCorners(g, xywh),
        definition: ({ xywh }) => xywh.map((value, i) => (i % 4 < 2 ? value : value + at(xywh, i - 2))),
        derivatives: [boxCornersGrad],
      }),
    );

  gpuTest('addPosition', (gpu) =>
    expectGradient(gpu, {
      inputs: { x: input([3, 5, 8], 1), rows: input([3, 4], 2, true), cols: input([5, 4], 3, true) },
      record: (g, { x, rows, cols }) => addPosition(g, x, rows, cols),
      // Of the tables, which are constants here, nothing but the sum with x matters.
      definition: ({ x }) => x,
      derivatives: [addPositionGrad],
    }),
  );

  for (const [height, width, coarseHeight, coarseWidth] of [
    [1, 1, 1, 1],
    [6, 22, 3, 11],
    [9, 4, 3, 4],
    [16, 16, 8, 4],
  ] as const)
    gpuTest(`upsampleAdd [${height},${width}] + [${coarseHeight},${coarseWidth}]`, (gpu) =>
      expectGradient(gpu, {
        inputs: { fine: input([height, width, 4], 1), coarse: input([coarseHeight, coarseWidth, 4], 2) },
        record: (g, { fine, coarse }) => upsampleAdd(g, fine, coarse),
        definition: ({ fine, coarse }) =>
          fine.map((value, i) => {
            const [row, col] = [Math.floor(i / 4 / width), Math.floor(i / 4) % width];
            const y = Math.floor((row * coarseHeight) / height);
            const x = Math.floor((col * coarseWidth) / width);
            return value + at(coarse, (y * coarseWidth + x) * 4 + (i % 4));
          }),
        derivatives: [upsampleAddGrad],
      }),
    );
});
