import type { Spread } from '../measure.ts';
import type { CallRow, ModelReport } from '../models/measure.ts';
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

export function modelTable({ model, imageSize, storage, calls, memory }: ModelReport): string {
  const { plannedWeights, plannedPeak, weights, activations, actualPeak, trainingPeak } = memory;
  return [
    `${model}, S = ${imageSize}, weights in ${storage}; milliseconds`,
    table([['', 'cold', 'warm', 'quartiles', 'CPU / cores', 'dispatches', 'submits'], ...calls.map(rowOf)]),
    `memory: planned ${mb(plannedPeak)} (weights ${mb(plannedWeights)}); weights ${mb(weights)} and activations ${mb(activations)} on the device, all buffers at most ${mb(actualPeak)}${trainingPeak === null ? '' : `, in training ${mb(trainingPeak)}`}`,
  ].join('\n');
}
