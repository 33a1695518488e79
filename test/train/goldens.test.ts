import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { judgeTraining } from './golden-limits.ts';
import { type GoldenError, runTrainingGolden } from './golden-run.ts';

/**
 * One step each, an engine each: losses before it, parameters after it, and the gradient of every trained tensor against f64.
 * All three steps, and train-nano-ppn-box: `npm run goldens train-nano-ppn train-nano-ppn-box train-nano-adapter-lora`, on
 * Dawn with `--dawn`.
 */
describe('training, against PyTorch', () => {
  gpuTest(
    'train-nano-ppn: losses, gradients and parameters of the first step, losses after it',
    async (gpu) => {
      judgeTraining('train-nano-ppn', 'Dawn', await runTrainingGolden('train-nano-ppn', gpu, { steps: 1 }));
    },
  );

  test('train-nano-adapter-lora: losses, gradients and parameters of the first step', async (context) => {
    const name = 'train-nano-adapter-lora';
    const script = fileURLToPath(new URL('golden.deno.ts', import.meta.url));
    const { adapter, errors } = (await runDeno(script, [name, '--first'])) as {
      adapter: string;
      errors: GoldenError[];
    };
    countGpuTest(context, adapter);
    judgeTraining(name, adapter, errors);
  });
});
