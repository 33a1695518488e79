import { ratiosOf, targetLines } from '../page/ratios.ts';
import type { SideBySide } from '../page/side-by-side.ts';
import { table } from '../results.ts';

const ms = (value: number) => value.toFixed(value < 100 ? 1 : 0);

export function sideBySideTable(result: SideBySide, software: boolean): string {
  const rows = ratiosOf(result).map(({ graph, engine, ms: median, rounds, ratio }) => {
    const timing = result.times[`${engine} ${graph}`];
    return [
      `${graph}, ${engine}`,
      ms(median),
      timing ? `${ms(timing.q1)} to ${ms(timing.q3)}` : '',
      rounds,
      `${ratio.toFixed(2)}x`,
    ];
  });
  const loads = Object.entries(result.loadMs).map(([name, load]) => `${name} ${(load / 1000).toFixed(1)} s`);
  const errors = Object.entries(result.errors).map(([name, error]) => [name, error.toExponential(1)]);
  return [
    `onnxruntime-web ${result.ortVersion}, ${result.threads} threads; milliseconds, in turns`,
    ...result.remarks.map((remark) => `note: ${remark}`),
    table([['', 'median', 'quartiles', 'rounds', 'of ours'], ...rows]),
    ...(software ? targetLines(result) : []),
    `loaded and compiled: ${loads.join(', ')}`,
    'nano, relative error of our tensors to theirs (equal weights; tiny has none of its own)',
    table(errors),
  ].join('\n');
}
