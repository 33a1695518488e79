import { expect } from 'vitest';
import { requestDevice } from '../../src/gpu/device.ts';
import { openTrainingEngine } from '../../src/tasks/train/engine.ts';
import { withPromptPredictor } from '../../src/weights/extend.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { gpuTest } from '../gpu-device.ts';
import { demoFile } from '../tasks/models.ts';
import { LEARNED } from './scripted.ts';

gpuTest('an engine without memory for the optimiser compiles nothing that nobody waits for', async (gpu) => {
  const { device } = await requestDevice({ gpu });
  using _ = { [Symbol.dispose]: () => device.destroy() };
  let compiled = 0;
  device.createBuffer = () => {
    throw new RangeError('createBuffer failed');
  };
  device.createComputePipelineAsync = async () => {
    compiled += 1;
    throw new RangeError('createComputePipelineAsync failed');
  };
  const dataset = { name: 'discs', classes: 1, tokens: 10 };
  const base = withPromptPredictor(await openCheckpoint(await demoFile()), { dataset, seed: 1 });
  const opened = openTrainingEngine(base, { device, parts: 'ppn', dropout: 0, draws: [LEARNED] });
  await expect(opened).rejects.toThrow('createBuffer failed');
  expect(compiled).toBe(0);
});
