import { expect, test } from 'vitest';
import { composeClassMap } from '../../app/src/engine/compose.ts';
import { jobsOf, predictScene } from '../../app/src/engine/predict-scene.ts';
import type { Scene } from '../../app/src/engine/protocol.ts';
import type { MaskResult, Prediction, PredictOptions } from '../../src/index.ts';

const box = [1, 2, 3, 4] as const;
const points = [{ x: 5, y: 6, label: 0 }] as const;
const manual: Scene = { mode: 'manual', refine: 'learned', multimask: false, classes: 2, prompts: [] };
const { signal } = new AbortController();

/** A picture that answers with the numbers of the calls, and remembers what it was asked. */
function fakePicture() {
  const asked: PredictOptions[] = [];
  const predict = async (options: PredictOptions = {}) => {
    asked.push(options);
    const numbers = options.classes ?? (options.multimaskOutput ? [1, 1, 1] : [1]);
    const results = numbers.map((classNumber, i) => ({ classNumber, iou: [0.2, 0.9, 0.5][i] }));
    return results as unknown as Prediction;
  };
  const session = { width: 2, height: 1, predict, dispose: () => {}, [Symbol.dispose]: () => {} };
  return { asked, picture: { session, encodeMilliseconds: 1, masks: new Map() } };
}

test("manual: one call for each prompted class, in SAM's words", () => {
  const prompts = [{ classNumber: 2, box, points, choice: null }];
  const [job, ...others] = jobsOf({ ...manual, prompts });
  expect(others).toEqual([]);
  expect(job?.classNumbers).toEqual([2]);
  expect(job?.options).toEqual({
    ...{ mode: 'manual', multimaskOutput: false, returnLogits: true },
    ...{ box, pointCoords: [[5, 6]], pointLabels: [0] },
  });
});

test('auto: one call for all classes that nobody prompted, one for each of the others', () => {
  const prompts = [{ classNumber: 2, box, points: [], choice: null }];
  const jobs = jobsOf({ ...manual, mode: 'auto', classes: 3, prompts });
  expect(jobs.map(({ classNumbers }) => classNumbers)).toEqual([[1, 3], [2]]);
  expect(jobs[0]?.options).not.toHaveProperty('box');
  expect(jobs[1]?.options).toMatchObject({ box, refine: 'learned' });
});

test('only what changed is computed again', async () => {
  const { asked, picture } = fakePicture();
  const first = { classNumber: 1, box, points: [], choice: null };
  const second = { classNumber: 2, box, points, choice: null };
  await predictScene(picture, { ...manual, prompts: [first] }, signal);
  const { masks } = await predictScene(picture, { ...manual, prompts: [first, second] }, signal);
  expect(asked).toHaveLength(2);
  expect(masks.map(({ classNumber }) => classNumber)).toEqual([1, 2]);
  const again = await predictScene(picture, { ...manual, prompts: [second] }, signal);
  expect(again.masks).toHaveLength(1);
  expect(asked).toHaveLength(2);
});

test('of three candidates the best is taken until one is chosen, without another call', async () => {
  const { asked, picture } = fakePicture();
  const scene = (choice: number | null): Scene => ({
    ...{ ...manual, multimask: true },
    prompts: [{ classNumber: 2, box, points: [], choice }],
  });
  const [best] = (await predictScene(picture, scene(null), signal)).masks;
  expect(best).toMatchObject({ classNumber: 2, chosen: 1 });
  const [chosen] = (await predictScene(picture, scene(2), signal)).masks;
  expect(chosen?.chosen).toBe(2);
  expect(asked).toHaveLength(1);
});

test('where masks overlap the larger logit has the pixel', () => {
  const result = (mask: number[], logits: number[]): Pick<MaskResult, 'mask' | 'logits'> => ({
    mask: Uint8Array.from(mask),
    logits: Float32Array.from(logits),
  });
  const one = { classNumber: 1, result: result([1, 1, 0, 1], [5, 1, 9, -2]) };
  const two = { classNumber: 2, result: result([0, 1, 0, 1], [7, 3, 9, -5]) };
  expect(composeClassMap([one, two], 4, 1)).toEqual(Uint8Array.of(1, 2, 0, 1));
  expect(composeClassMap([two, one], 4, 1)).toEqual(Uint8Array.of(1, 2, 0, 1));
  expect(composeClassMap([], 2, 1)).toEqual(Uint8Array.of(0, 0));
});
