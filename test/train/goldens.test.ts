import { describe, expect } from 'vitest';
import { gpuTest } from '../gpu-device.ts';
import { runTrainingGolden } from './golden-run.ts';

/** The issue's, against PyTorch. */
const LIMITS = { loss: 1e-4, gradient: 1e-3, parameter: 1e-5 };

describe('training, against PyTorch', () => {
  gpuTest('train-nano-ppn: losses, gradients and parameters of the first step', async (gpu) => {
    const errors = await runTrainingGolden('train-nano-ppn', gpu);
    for (const kind of ['loss', 'gradient', 'parameter'] as const) {
      const first = errors.filter((error) => error.kind === kind && error.step === 1);
      expect(first.length).toBeGreaterThan(4);
      const [worst] = first.sort((a, b) => b.error - a.error);
      expect(worst?.error, `${kind} ${worst?.name}`).toBeLessThan(LIMITS[kind]);
    }
  });
});
