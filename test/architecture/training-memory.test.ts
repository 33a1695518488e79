import { describe, expect, test } from 'vitest';
import { flopsOf } from '../../src/graph/graph.ts';
import { bytesOf, MAX_BINDING_BYTES, sizeOf } from '../../src/graph/tensor.ts';
import { trainingMemory } from '../../src/tasks/train/memory.ts';
import { recordTrainingStep, type TrainingContext } from '../../src/tasks/train/recordings.ts';
import { type TrainedParts, trainedBy } from '../../src/tasks/train/trained.ts';
import { ALL_TRAITS, contextOf, type ModelName, PLAIN } from './models.ts';

const MB = 1e6;
const DRAW = { learned: true, box: true, mask: false };

function trainingContext(
  model: ModelName,
  parts: TrainedParts,
  classes: number,
  traits = PLAIN,
): TrainingContext {
  const dataset = { name: 'phantom', classes, tokens: 10 };
  return { ...contextOf(model, traits), trained: trainedBy(parts), dataset, dropout: 0.1 };
}

describe('a step of training at S = 1024', () => {
  test.each([
    ['Sam2Rad tiny', 1],
    ['Sam2Rad tiny', 2],
  ] as const)('%s, %i classes, predictor alone: under 1.5 GB', (model, classes) => {
    for (const traits of ALL_TRAITS) {
      const context = trainingContext(model, 'ppn', classes, traits);
      const recording = recordTrainingStep(context, DRAW);
      const { total, activations, learned, frozen } = trainingMemory([recording], context.trained);
      if (traits === ALL_TRAITS[0])
        console.log(
          `${model}, ${classes} classes: ${(total / MB).toFixed(0)} MB, of them activations ${(activations / MB).toFixed(0)}, optimiser ${(learned / MB).toFixed(0)}, frozen weights ${(frozen / MB).toFixed(0)}; ${(flopsOf(recording) / 1e9).toFixed(0)} GFLOP, ${recording.dispatches.length} dispatches`,
        );
      expect(total).toBeLessThan(1.5e9);
      const operands = recording.dispatches.flatMap((dispatch) => dispatch.operands);
      expect(Math.max(...operands.map(bytesOf))).toBeLessThanOrEqual(MAX_BINDING_BYTES);
      expect(recording.dispatches.filter(({ kernel }) => kernel.bindings.length > 8)).toEqual([]);
    }
  });
});

describe('frozen weights', () => {
  test.each(['ppn', 'ppn+lora'] as const)('get no gradient, and no memory for one: %s', (parts) => {
    const context = trainingContext('Sam2Rad nano with adapters and LoRA', parts, 2);
    const recording = recordTrainingStep(context, DRAW);
    const externals = recording.dispatches.flatMap(({ operands }) =>
      operands.filter(({ kind, name }) => kind === 'external' && name.startsWith('gradient of ')),
    );
    const gradients = [...new Set(externals)];
    const trained = recording.parameters.filter(({ sources }) =>
      sources.some(({ key }) => context.trained(key)),
    );
    expect(gradients.map(({ name }) => name).sort()).toEqual(
      trained.map(({ tensor }) => `gradient of ${tensor.name}`).sort(),
    );
    expect(gradients.reduce((total, tensor) => total + sizeOf(tensor), 0)).toBe(
      trained.reduce((total, { tensor }) => total + sizeOf(tensor), 0),
    );
  });
});
