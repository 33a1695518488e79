import type { Baseline, KeptKernel, MeasuredKernel } from '../../bench/baseline/compare.ts';
import type { KernelRow } from '../../bench/census/measure.ts';
import type { Spread } from '../../bench/measure.ts';
import type { ModelReport } from '../../bench/models/measure.ts';
import type { BenchReport, Provenance } from '../../bench/report.ts';

/** Made-up results: nothing here was measured. */

export const around = (median: number, share = 0.02, rounds = 5): Spread => ({
  median,
  q1: median * (1 - share),
  q3: median * (1 + share),
  rounds,
});

const named = (key: string) => ({ key, kernel: `kernel ${key}`, shape: '4x4 to 4x4' });

export const kept = (key: string, ...runs: readonly Spread[]): KeptKernel => ({ ...named(key), runs });

export const measured = (key: string, ofRoof: Spread): MeasuredKernel => ({ ...named(key), ofRoof });

export const PLACE: Provenance = {
  date: '2026-11-23T10:00:00.000Z',
  commit: 'abc1234',
  adapter: 'google swiftshader',
  driver: 'SwiftShader 5.0.0',
  runtime: 'Chrome/150.0.1.2',
  cpu: 'made up',
  cores: 2,
};

export const baseline = (kernels: readonly KeptKernel[], place: Partial<Provenance> = {}): Baseline => ({
  ...PLACE,
  ...place,
  clock: 'cpu',
  kernels,
});

export const row = (key: string, ofRoof: Spread, share = 0.5): KernelRow => ({
  ...measured(key, ofRoof),
  label: `output of ${key}`,
  flops: 2e6,
  bytes: 1e5,
  ms: around(1),
  gflops: 2,
  gbps: 0.1,
  roof: 'f32',
  uses: [{ part: 'nano encode', count: 3 }],
  share: { 'nano encode': share },
  compileMs: 1,
});

export function report(rows: readonly KernelRow[], place: Partial<Provenance> = {}): BenchReport {
  const rate = (name: 'f32' | 'bandwidth', unit: 'GFLOP/s' | 'GB/s', median: number) =>
    ({ name, unit, what: '', note: 'made up', rate: around(median) }) as const;
  return {
    ...PLACE,
    ...place,
    result: {
      kernels: {
        adapter: { vendor: 'google', architecture: 'swiftshader', device: '', description: '' },
        features: [],
        clock: 'cpu',
        roofs: [
          rate('f32', 'GFLOP/s', 20),
          { name: 'f16', unit: 'GFLOP/s', what: '', note: 'not available', rate: null },
          rate('bandwidth', 'GB/s', 1),
        ],
        rows,
        parts: [{ part: 'nano encode', dispatches: 3 * rows.length, gflop: 0.006, ms: 3, ofRoof: 0.1 }],
        remarks: [],
      },
      models: [],
      sideBySide: null,
      failures: [],
    },
  };
}

export const MODEL: ModelReport = {
  adapter: { vendor: 'made', architecture: 'up', device: '', description: '' },
  ...{ model: 'nano', imageSize: 256, storage: 'f32' },
  calls: [
    { call: 'encode', cold: 9, warm: around(8), cpu: null, dispatches: 75, submits: 2 },
    { call: 'encode, tuned', cold: 9, warm: around(6), cpu: null, dispatches: 75, submits: 2 },
  ],
  memory: {
    ...{ plannedWeights: 1e6, plannedPeak: 2e6, weights: 1e6, activations: 1e6, actualPeak: 2e6 },
    trainingPeak: null,
  },
  backward: { batch: 4, ratio: around(3.5), cpuRatio: around(2.5) },
  tuned: { classes: 3, changed: { 'matmul 64x32': 'tile 32' } },
  remarks: ['the page was hidden'],
};
