import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { sumRows } from '../../src/ops/sum-rows.ts';
import { expectClose, randomValues, sumTolerance } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

const definition = (x: Float32Array, before: Float32Array) =>
  Array.from(before, (start, c) => {
    let sum = start;
    for (let i = c; i < x.length; i += before.length) sum += at(x, i);
    return sum;
  });

describe.each([
  ['shared lanes', false],
  ['serial', true],
] as const)('sumRows, %s', (_, cpu) => {
  // Rows: 1, a turn of eight, one more; a chunk of 64 and one more; below, at and above what lanes share in one turn (256 of
  // eight lanes, 2048 of one) and what is cut in chunks, a prime. Columns: 1, 2, 3, 8, 9 groups, and so many that lanes have
  // two turns, or eight columns each (COLS4 32, 64).
  for (const [rows, cols] of [
    [1, 4],
    [8, 36],
    [9, 36],
    [64, 12],
    [65, 8],
    [31, 32],
    [255, 36],
    [257, 32],
    [1024, 32],
    [1025, 32],
    [1031, 100],
    [8192, 4],
    [8209, 4],
    [9, 32768],
    [10, 65540],
  ] as const)
    gpuTest(`${rows} x ${cols}`, async (gpu) => {
      const [x, before] = [randomValues(rows * cols, 1), randomValues(cols, 2)];
      const [plain, added] = await runGraph(
        gpu,
        (g, feed) => {
          const rowsOfX = feed('x', [rows, cols], x);
          return [
            sumRows(g, rowsOfX, [cols], { name: 'plain' }),
            sumRows(g, rowsOfX, [cols], { name: 'added', before: feed('before', [cols], before) }),
          ];
        },
        { cpu },
      );
      expectClose('plain', plain ?? [], definition(x, new Float32Array(cols)), sumTolerance(rows));
      expectClose('added', added ?? [], definition(x, before), sumTolerance(rows + 1));
    });
});

describe('sumRows', () => {
  it('takes one dispatch of a GPU where a lane has some turns, else two', () => {
    const recorded = (rows: number, cols: number) => {
      const g = new Graph('test');
      sumRows(g, g.tensor('x', [rows, cols]), [cols]);
      return g
        .finish()
        .dispatches.map(
          ({ kernel, workgroups, tuning }) => `${kernel.name} ${workgroups} ${tuning['COLS4']}`,
        );
    };
    expect(recorded(1024, 256)).toEqual(['sum_rows_split 8,1,1 8']);
    expect(recorded(16_384, 256)).toEqual(['sum_rows_split 8,64,1 8', 'sum_rows_split 8,1,1 8']);
    expect(recorded(32_768, 4)).toEqual(['sum_rows_split 1,16,1 1', 'sum_rows_split 1,1,1 1']);
    expect(recorded(64, 32_768)).toEqual(['sum_rows_split 256,1,1 32']);
    expect(recorded(8, 256)).toEqual(['sum_rows 1,1,1 undefined']);
  });

  it('names rows that are not whole', () => {
    const g = new Graph('test');
    expect(() => sumRows(g, g.tensor('x', [3, 5]), [4])).toThrow(
      "sumRows: 'x' [3,5] is no whole number of rows",
    );
  });
});
