import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { upsampleAdd } from '../../src/ops/upsample-add.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

describe('upsampleAdd', () => {
  for (const [height, width, channels, coarseHeight, coarseWidth] of [
    [1, 1, 4, 1, 1],
    [2, 2, 4, 1, 1],
    [8, 8, 4, 4, 4],
    [6, 22, 8, 3, 11],
    [9, 4, 12, 3, 4],
    [4, 16, 4, 1, 4],
  ] as const)
    gpuTest(`[${height},${width},${channels}] + [${coarseHeight},${coarseWidth}]`, async (gpu) => {
      const fine = randomValues(height * width * channels, 1);
      const coarse = randomValues(coarseHeight * coarseWidth * channels, 2);
      const [y] = await runGraph(gpu, (g, feed) =>
        upsampleAdd(
          g,
          feed('fine', [height, width, channels], fine),
          feed('coarse', [coarseHeight, coarseWidth, channels], coarse),
        ),
      );
      // The definition of nearest: the source is at floor(place * its length / this length).
      const expected = Array.from(fine, (v, i) => {
        const [c, col, row] = [
          i % channels,
          Math.floor(i / channels) % width,
          Math.floor(i / channels / width),
        ];
        const from = [
          Math.floor((row * coarseHeight) / height),
          Math.floor((col * coarseWidth) / width),
        ] as const;
        return v + at(coarse, (from[0] * coarseWidth + from[1]) * channels + c);
      });
      expectClose('y', y ?? [], expected, sumTolerance(1));
    });

  it('names the map that does not tile the other', () => {
    const g = new Graph('test');
    expect(() => upsampleAdd(g, g.tensor('fine', [6, 6, 4]), g.tensor('coarse', [4, 3, 4]))).toThrow(
      "upsampleAdd: 'coarse' [4,3,4] does not tile 'fine' [6,6,4]",
    );
  });
});
