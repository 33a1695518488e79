import { describe } from 'vitest';
import { gpuTest } from '../gpu-device.ts';
import { judgeTraining } from './golden-limits.ts';
import { runTrainingGolden } from './golden-run.ts';

/**
 * One step each: losses before it, parameters after it, and the gradient of every trained tensor against f64. All three
 * steps, and train-nano-ppn-box: `npm run goldens train-nano-ppn train-nano-ppn-box train-nano-adapter-lora`.
 */
describe('training, against PyTorch', () => {
  gpuTest(
    'train-nano-ppn: losses, gradients and parameters of the first step, losses after it',
    async (gpu) => {
      judgeTraining('train-nano-ppn', 'Dawn', await runTrainingGolden('train-nano-ppn', gpu, { steps: 1 }));
    },
  );

  gpuTest('train-nano-adapter-lora: losses, gradients and parameters of the first step', async (gpu) => {
    const errors = await runTrainingGolden('train-nano-adapter-lora', gpu, { steps: 1, after: false });
    judgeTraining('train-nano-adapter-lora', 'Dawn', errors);
  });
});
