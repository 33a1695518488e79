import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { addPosition } from '../../src/ops/add-position.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

describe('addPosition', () => {
  for (const [height, width, channels] of [
    [1, 1, 8],
    [4, 4, 16],
    [3, 7, 24],
    [2, 16, 256],
  ] as const)
    gpuTest(`[${height},${width},${channels}]`, async (gpu) => {
      const half = channels / 2;
      const x = randomValues(height * width * channels, 1);
      const [yTable, xTable] = [randomValues(height * half, 2), randomValues(width * half, 3)];
      const [y] = await runGraph(gpu, (g, feed) =>
        addPosition(
          g,
          feed('x', [height, width, channels], x),
          feed('yTable', [height, half], yTable),
          feed('xTable', [width, half], xTable),
        ),
      );
      const expected: number[] = [];
      for (let row = 0; row < height; row++)
        for (let col = 0; col < width; col++) {
          const position = [
            ...yTable.subarray(row * half, (row + 1) * half),
            ...xTable.subarray(col * half, (col + 1) * half),
          ];
          expected.push(...position.map((v, c) => v + at(x, (row * width + col) * channels + c)));
        }
      expectClose('y', y ?? [], expected, sumTolerance(1));
    });

  it('names the table whose shape is wrong', () => {
    const g = new Graph('test');
    const [x, table] = [g.tensor('x', [2, 3, 8]), g.tensor('table', [2, 4])];
    expect(() => addPosition(g, x, table, table)).toThrow(
      "addPosition: 'table' has shape [2,4], expected [3,4]",
    );
  });
});
