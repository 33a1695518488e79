import { expect } from 'vitest';
import { GpuError } from '../../src/errors.ts';
import { gpuTest } from '../gpu-device.ts';
import { EXAMPLE, LEARNED, scriptedTrainer } from './scripted.ts';

const OPTIONS = { draw: LEARNED, rate: 1e-4, seed: 0 };

gpuTest('gradients that are not finite are told, and after three steps in a row refused', async (gpu) => {
  using training = await scriptedTrainer(gpu);
  const { trainer, stages } = training;
  const norms = [4, Number.NaN, Number.POSITIVE_INFINITY, 9, Number.NaN, Number.NaN, Number.NaN];
  const told: number[] = [];
  stages.script = (key) => {
    if (key === 'optimise') stages.fill('squared_norm', [norms.shift() ?? 0, 0, 0, 0]);
  };
  for (let step = 1; step <= 6; step++) told.push((await trainer.step([EXAMPLE], OPTIONS)).gradientNorm);
  expect(told).toEqual([2, Number.NaN, Number.POSITIVE_INFINITY, 3, Number.NaN, Number.NaN]);
  await expect(trainer.step([EXAMPLE], OPTIONS)).rejects.toThrow(
    /^step 7: the gradients are not finite .* as in the 2 steps before it\. The weights are those of step 4:/,
  );
  expect(trainer.steps).toBe(6);
  // Asked again, it is the same step and the same weights.
  norms.push(Number.NaN);
  await expect(trainer.step([EXAMPLE], OPTIONS)).rejects.toThrow(
    /^step 7: .* The weights are those of step 4:/,
  );
});

gpuTest('the predictor rests in steps without its prompts, and counts its own steps', async (gpu) => {
  using training = await scriptedTrainer(gpu, 'ppn+lora');
  const { trainer, stages } = training;
  const schedules: number[][] = [];
  for (const learned of [true, false, true]) {
    await trainer.step([EXAMPLE], { ...OPTIONS, draw: { learned, box: true, mask: false } });
    schedules.push(await stages.read('schedule', 8));
  }
  // 1 - 0.9^t of the decoder's step and of the predictor's; 0 where it rests.
  expect(schedules.map((schedule) => [schedule[1]?.toFixed(3), schedule[5]?.toFixed(3)])).toEqual([
    ['0.100', '0.100'],
    ['0.190', '0.000'],
    ['0.271', '0.190'],
  ]);
  expect([trainer.steps, trainer.predictorSteps]).toEqual([3, 2]);
});

gpuTest('a step that failed does not count, and leaves no gradients to the next one', async (gpu) => {
  using training = await scriptedTrainer(gpu);
  const { trainer, stages } = training;
  stages.script = () => {
    stages.fill('gradients', [1, 2, 3, 4]);
    stages.fill('loss_terms', [Number.NaN]);
  };
  await expect(trainer.step([EXAMPLE], OPTIONS)).rejects.toThrow('step 1: the loss is no longer finite');
  stages.script = () => {};
  await trainer.accumulate([EXAMPLE], OPTIONS);
  expect(await stages.read('gradients', 4)).toEqual([0, 0, 0, 0]);
  stages.script = (key) => {
    if (key === 'optimise') throw new GpuError('optimise: the GPU refused it');
  };
  await expect(trainer.step([EXAMPLE], OPTIONS)).rejects.toThrow('optimise: the GPU refused it');
  expect(trainer.steps).toBe(0);
});
