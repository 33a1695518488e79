import { expect, test } from 'vitest';
import { DRAW, partsOf } from '../../bench/census/parts.ts';
import { forwardOf } from '../../bench/models/backward.ts';
import { changedIn } from '../../bench/models/tuned.ts';
import { modelTable } from '../../bench/print/models.ts';
import { plan } from '../../src/graph/plan.ts';
import { recordTrainingStep } from '../../src/tasks/train/recordings.ts';
import { trainedBy } from '../../src/tasks/train/trained.ts';
import { contextOf } from '../architecture/models.ts';
import { around, MODEL } from './fixtures.ts';

const TRAITS = { cpu: false, subgroups: false };

test('the forward part of a step is what its losses depend on: all of the forward pass, no gradient', () => {
  const context = contextOf('Sam2Rad nano', TRAITS);
  const [dataset] = context.config.datasets;
  if (!dataset) throw new Error('nano has a dataset');
  const record = (trained: (name: string) => boolean) =>
    recordTrainingStep({ ...context, trained, dataset, dropout: 0.1 }, DRAW);
  const [step, frozen] = [record(trainedBy('ppn')), record(() => false)];
  const forward = forwardOf(step);
  // A step of which nothing is trained has no backward pass. What is merged only then stays apart in training.
  expect(forward.dispatches.length).toBeGreaterThanOrEqual(frozen.dispatches.length);
  expect(forward.dispatches.length).toBeLessThan(1.2 * frozen.dispatches.length);
  expect(forward.dispatches.length).toBeLessThan(0.6 * step.dispatches.length);
  const kernels = new Set(forward.dispatches.map(({ kernel }) => kernel.name));
  expect([...kernels].filter((name) => name.includes('grad'))).toEqual([]);
  const order = forward.dispatches.map((dispatch) => step.dispatches.indexOf(dispatch));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  // It runs by itself, in no more memory.
  expect(plan(forward).totalBytes).toBeLessThan(plan(step).totalBytes);
  const bound = new Set(forward.dispatches.flatMap(({ operands }) => operands));
  expect(forward.parameters.every(({ tensor }) => bound.has(tensor))).toBe(true);
  for (const tensor of bound)
    if (tensor.kind === 'parameter')
      expect(forward.parameters.map((parameter) => parameter.tensor)).toContain(tensor);
});

test('tuning is told by what it changed', () => {
  const parts = partsOf(contextOf('nano', TRAITS), 256);
  const [choice] = parts
    .flatMap(({ recordings }) => recordings.flatMap(({ dispatches }) => dispatches))
    .flatMap((dispatch) => (dispatch.choice && dispatch.choice.variants.length > 1 ? [dispatch.choice] : []));
  const [usual = '', other = ''] = choice?.variants ?? [];
  const sizeClass = choice?.sizeClass ?? '';
  expect(changedIn({ [sizeClass]: usual }, parts)).toEqual({});
  expect(changedIn({ [sizeClass]: other }, parts)).toEqual({ [sizeClass]: other });
});

test('the table has the backward pass over the forward pass, tuned rows and remarks', () => {
  const text = modelTable(MODEL);
  // Held to the CPU time where there is one: the wall has other programs' work in it.
  expect(text).toMatch(/backward \/ forward of 4, target 3: met +3.50x +3.43x to 3.57x +2.50x/);
  expect(text).toContain('encode, tuned');
  expect(text).toContain(
    '3 classes of sizes, 1 by another variant than the default: matmul 64x32 by tile 32',
  );
  expect(text).toContain('note: the page was hidden');
  const slow = modelTable({ ...MODEL, backward: { batch: 4, ratio: around(3.5), cpuRatio: null } });
  expect(slow).toContain('target 3: MISSED');
});
