import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../host/serve.ts';
import type { KernelReport } from '../kernel-report.ts';
import type { Provenance } from '../report.ts';
import { slugOf } from '../results.ts';
import type { Baseline, KeptKernel } from './compare.ts';

const FOLDER = join(root, 'bench/results/baselines');

/** One an adapter, runtime and set of models: kernels are compared by their shapes. */
export const baselinePath = (adapter: string, runtime: string, models: string): string =>
  join(FOLDER, `${slugOf(adapter)}-${runtime}-${models}.json`);

/** @param runs of the same kernels; those that one of them lacks are left out */
export function saveBaseline(path: string, where: Provenance, runs: readonly KernelReport[]): Baseline {
  const [first, ...others] = runs;
  if (!first) throw new Error('a baseline is of one run at least');
  const kernels = first.rows.flatMap(({ key, kernel, shape, ofRoof }): KeptKernel[] => {
    const again = others.flatMap(({ rows }) => rows.find((row) => row.key === key)?.ofRoof ?? []);
    return again.length === others.length ? [{ key, kernel, shape, runs: [ofRoof, ...again] }] : [];
  });
  const baseline = { ...where, clock: first.clock, kernels };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(baseline, null, 1)}\n`);
  return baseline;
}

/** @throws Error that says what to do where there is none, or the file is something else */
export function readBaseline(path: string): Baseline {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    const others = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : [];
    throw new Error(
      `there is no baseline ${path}: make one with \`npm run bench -- kernels --save-baseline\`${others.length > 0 ? `; there are ${others.join(', ')}` : ''}`,
    );
  }
  const value: unknown = JSON.parse(text);
  if (!isBaseline(value))
    throw new Error(`${path} is no baseline of \`npm run bench -- kernels --save-baseline\``);
  return value;
}

const isBaseline = (value: unknown): value is Baseline =>
  typeof value === 'object' &&
  value !== null &&
  ['adapter', 'driver', 'runtime', 'clock', 'kernels'].every((key) => key in value) &&
  Array.isArray((value as { kernels: unknown }).kernels) &&
  // Those of before runs were kept have one of them, in another place: they are measured anew.
  (value as { kernels: object[] }).kernels.every((kernel) => 'runs' in kernel);
