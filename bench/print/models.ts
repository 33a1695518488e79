import type { Spread } from '../measure.ts';
import { BACKWARD_TARGET, type Backward } from '../models/backward.ts';
import type { CallRow } from '../models/calls.ts';
import type { ModelReport } from '../models/measure.ts';
import type { Tuned } from '../models/tuned.ts';
import { table } from '../results.ts';

const ms = (value: number) => value.toFixed(value < 100 ? 1 : 0);
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const quartiles = ({ q1, q3, rounds }: Spread) => (rounds > 1 ? `${ms(q1)} to ${ms(q3)}` : '');

function rowOf({ call, cold, warm, cpu, dispatches, submits }: CallRow): (string | number)[] {
  return [
    call,
    ms(cold),
    warm.rounds > 0 ? ms(warm.median) : '',
    quartiles(warm),
    cpu ? ms(cpu.median) : '',
    dispatches ?? '',
    submits ?? '',
  ];
}

/** A ratio among the times; the target is of issue 4. */
function backwardRow({ batch, ratio, cpuRatio }: Backward): string[] {
  const times = (value: number) => `${value.toFixed(2)}x`;
  const held = (cpuRatio ?? ratio).median <= BACKWARD_TARGET ? 'met' : 'MISSED';
  return [
    `backward / forward of ${batch}, target ${BACKWARD_TARGET}: ${held}`,
    '',
    times(ratio.median),
    ratio.rounds > 1 ? `${times(ratio.q1)} to ${times(ratio.q3)}` : '',
    cpuRatio ? times(cpuRatio.median) : '',
  ];
}

function tunedLine({ classes, changed }: Tuned): string {
  const all = Object.entries(changed).map(([sizeClass, variant]) => `${sizeClass} by ${variant}`);
  return `tuned: ${classes} classes of sizes, ${all.length} by another variant than the default${all.length > 0 ? `: ${all.join('; ')}` : ''}`;
}

export function modelTable(report: ModelReport): string {
  const { model, imageSize, storage, calls, memory, backward, tuned, remarks } = report;
  const { plannedWeights, plannedPeak, weights, activations, actualPeak, trainingPeak } = memory;
  return [
    `${model}, S = ${imageSize}, weights in ${storage}; milliseconds`,
    ...remarks.map((remark) => `note: ${remark}`),
    table([
      ['', 'cold', 'warm', 'quartiles', 'CPU / cores', 'dispatches', 'submits'],
      ...calls.map(rowOf),
      ...(backward ? [backwardRow(backward)] : []),
    ]),
    ...(tuned ? [tunedLine(tuned)] : []),
    `memory: planned ${mb(plannedPeak)} (weights ${mb(plannedWeights)}); weights ${mb(weights)} and activations ${mb(activations)} on the device, all buffers at most ${mb(actualPeak)}${trainingPeak === null ? '' : `, in training ${mb(trainingPeak)}`}`,
  ].join('\n');
}
