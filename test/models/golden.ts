import { readFile } from 'node:fs/promises';
import type { Prediction, PredictOptions } from '../../src/tasks/types.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { relativeError } from '../close.ts';

const folder = new URL('../fixtures/goldens/', import.meta.url);

/** What PyTorch computed: tensors by name, whole or as a sample with statistics. */
export interface Golden {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

export async function readGolden(name: string): Promise<Golden> {
  const blob = new Blob([new Uint8Array(await readFile(new URL(`${name}.safetensors`, folder)))]);
  const { metadata, tensors } = await openCheckpoint(blob, { name: `${name}.safetensors` });
  const values = new Map<string, Float32Array>();
  for (const [key, tensor] of tensors) if (tensor.dtype === 'F32') values.set(key, await tensor.readF32());
  return { metadata, tensors: values };
}

/** Names of all results that a golden holds, sorted. */
export async function outputsOf(name: string): Promise<string[]> {
  const { tensors } = await readGolden(name);
  const names = new Set([...tensors.keys()].map((key) => key.replace(/\.(sample|stats)$/, '')));
  return [...names].sort();
}

/** Norm of the difference over the norm, of a whole tensor or of a sample and its statistics; NaN where absent. */
export function goldenError(golden: Golden, name: string, actual: Float32Array): number {
  const whole = golden.tensors.get(name);
  if (whole) return relativeError(actual, whole);
  const sample = golden.tensors.get(`${name}.sample`);
  const stats = golden.tensors.get(`${name}.stats`);
  if (!sample || !stats) return Number.NaN;
  const [count = 0, stride = 1, mean = 0, std = 0, norm = 0, min = 0, max = 0] = stats;
  if (actual.length !== count) return Number.POSITIVE_INFINITY;
  const picked = Float32Array.from({ length: sample.length }, (_, i) => actual[i * stride] as number);
  const own = statistics(actual);
  // Mean, deviation and extremes are compared on the scale of the values, the norm on its own.
  const spread = Math.hypot(mean, std);
  return Math.max(
    relativeError(picked, sample),
    Math.abs(own.mean - mean) / spread,
    Math.abs(own.std - std) / spread,
    Math.abs(own.norm - norm) / norm,
    Math.abs(own.min - min) / Math.max(Math.abs(min), spread),
    Math.abs(own.max - max) / Math.max(Math.abs(max), spread),
  );
}

function statistics(values: Float32Array) {
  let [sum, squares, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / values.length;
  const variance = (squares - sum * mean) / (values.length - 1);
  return { mean, std: Math.sqrt(variance), norm: Math.sqrt(squares), min, max };
}

/** The goldens' prompts at S = 1024, scaled to the picture. */
export function goldenPrompts(
  size: number,
): Record<string, Pick<PredictOptions, 'box' | 'pointCoords' | 'pointLabels'>> {
  const k = size / 1024;
  const box = [150 * k, 200 * k, 700 * k, 640 * k] as const;
  const both = {
    pointCoords: [
      [400 * k, 350 * k],
      [820 * k, 120 * k],
    ] as const,
    pointLabels: [1, 0],
  };
  const one = { pointCoords: [[400 * k, 350 * k]] as const, pointLabels: [1] };
  return { box: { box }, points: both, point1: one, box_points: { box, ...both } };
}

/** The dumped tensors of a prediction that a golden holds under `prefix`, with their errors. */
export function compareDump(golden: Golden, prefix: string, prediction: Prediction): Map<string, number> {
  const errors = new Map<string, number>();
  for (const [name, { data }] of prediction.tensors ?? []) {
    const key = prefix ? `${prefix}.${name}` : name;
    const error = goldenError(golden, key, data);
    if (!Number.isNaN(error)) errors.set(key, error);
  }
  return errors;
}
