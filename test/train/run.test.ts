import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StepLosses } from '../../src/tasks/train/trainer.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest } from '../gpu-device.ts';

interface Told {
  readonly uninterrupted: StepLosses[];
  readonly begun: string[];
  readonly again: StepLosses[];
  readonly sameModel: boolean;
  readonly unwritten: string[];
  readonly refused: string;
  readonly refusal: string;
  readonly isIntact: boolean;
  readonly kept: boolean;
  readonly metadata: Record<string, string>;
  readonly shapes: Record<string, number[]>;
  readonly reference: string[];
  readonly classes: string[];
  readonly tuned: Record<string, string>[];
  readonly stopped: object;
  readonly area: number;
}

describe('a training run, on wgpu', () => {
  let told: Told;
  beforeAll(async () => {
    told = (await runDeno(fileURLToPath(new URL('run.deno.ts', import.meta.url)))) as Told;
  });

  test('takes every picture in each epoch: two steps of three pictures, and the loss falls', (context) => {
    countGpuTest(context, 'llvmpipe/wgpu');
    expect(told.uninterrupted).toHaveLength(6);
    expect(told.uninterrupted.at(-1)?.total).toBeLessThan(told.uninterrupted[0]?.total ?? 0);
  });

  test('repeats itself bit for bit with one seed, also where it is stopped, saved and resumed', () => {
    expect(told.again).toEqual(told.uninterrupted);
    expect(told.sameModel).toBe(true);
  });

  test('that is left at the last step of an epoch measures it when it goes on, once', () => {
    expect(told.begun).toEqual(['step 1', 'step 2', 'validation 2', 'step 3']);
  });

  test('that is asked for two events at once refuses the second, and the first comes as it would have', () => {
    expect(told.refused).toBe(
      'Sam2RadError: the training run was asked for an event while another is awaited, expected one iteration of events() at a time; await its event first',
    );
    expect(told.again).toEqual(told.uninterrupted);
  });

  test('that is resumed computes with the kernels that it began with', () => {
    expect(told.tuned).toEqual([{}, { 'matmul 64x256x256 f32': 'plain' }]);
  });

  test('leaves a measurement that is cancelled, and keeps the step before it', () => {
    expect(told.stopped).toEqual({ isStopped: true, beforeStop: ['step 4'], done: 4, isIntact: true });
  });

  test('stops at a loss that is not finite, names step and term, and keeps the state before it', () => {
    expect(told.refusal).toMatch(/^GpuError: step \d: the loss is no longer finite \(total is /);
    expect(told.isIntact).toBe(true);
    expect(told.kept).toBe(true);
  });

  test('leaves a model that loads like any other, with its record', () => {
    expect(told.metadata).toMatchObject({ format: 'sam2rad-webgpu', run: 'a record' });
    expect(JSON.parse(told.metadata['config'] ?? '')).toMatchObject({
      preprocess: 'sam2rad',
      imageSize: 256,
    });
    expect(told.shapes['queries.discs']).toEqual([1, 10, 256]);
    expect(told.classes).toEqual(['disc']);
    expect(told.area).toBeGreaterThanOrEqual(0);
  });

  test('writes nothing in a layout that does not exist, nor with metadata that nobody could read again', () => {
    const metadata = expect.stringMatching(
      /^CheckpointError: the metadata 'epoch' of a safetensors file is Number/,
    );
    expect(told.unwritten).toEqual([
      "TrainingSettingsError: layout: got 'x', expected canonical, reference",
      metadata,
      metadata,
    ]);
  });

  test('and one in the layout of the reference, whose keys PyTorch knows', () => {
    expect(told.reference).toContain('model.learnable_prompts.discs');
    expect(told.reference).toContain('model.model.prompt_sampler.prompt_learner.layers.2.norm4.bias');
    expect(told.reference.every((key) => key.startsWith('model.'))).toBe(true);
  });
});
