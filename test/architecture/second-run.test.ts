import { describe, expect } from 'vitest';
import { requestDevice } from '../../src/gpu/device.ts';
import { flopsOf } from '../../src/graph/graph.ts';
import { loadModel, type ModelConfig, type PredictOptions } from '../../src/index.ts';
import { recordPromptPredictor } from '../../src/tasks/recordings.ts';
import { gpuTest } from '../gpu-device.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { generateImage } from '../weights/generated-weights.ts';
import { type Watch, watched } from './watched-device.ts';

const [WIDTH, HEIGHT] = [300, 200];
const picture = (seed: number) => ({
  data: generateImage(HEIGHT, WIDTH, seed),
  width: WIDTH,
  height: HEIGHT,
});

/** What two calls of a kind did to the device: objects made by method, and submits. */
function since({ calls }: Watch, before: ReadonlyMap<string, number>) {
  const count = (method: string) => (calls.get(method) ?? 0) - (before.get(method) ?? 0);
  // An encoder and a pass are how work is given: one of each a submit.
  const made = [...calls.keys()].filter(
    (method) => /^create/.test(method) && method !== 'createCommandEncoder' && count(method) > 0,
  );
  return { made, submits: count('submit'), passes: count('beginComputePass') };
}

/** The most answers first: where a later prompt needs longer buffers, the stages that bind them are made anew. */
const PROMPTS: readonly (readonly [name: string, first: PredictOptions, second: PredictOptions])[] = [
  [
    'two points, three masks, logits',
    {
      mode: 'manual',
      pointCoords: [[100, 50] as const, [20, 30] as const],
      pointLabels: [1, 0],
      multimaskOutput: true,
      returnLogits: true,
    },
    {
      mode: 'manual',
      pointCoords: [[10, 150] as const, [220, 130] as const],
      pointLabels: [1, 1],
      multimaskOutput: true,
      returnLogits: true,
    },
  ],
  ['a box', { mode: 'manual', box: [40, 30, 200, 150] }, { mode: 'manual', box: [10, 20, 90, 190] }],
];

/** At least: a stage with more arithmetic than a software adapter is thought to do in 200 ms is cut, by its real pace. */
function predictorSubmits(config: ModelConfig): number {
  const [dataset] = config.datasets;
  if (!dataset) return 0;
  const context = { config, traits: { cpu: true, subgroups: true } };
  const flops = flopsOf(recordPromptPredictor(context, dataset));
  console.log(`the prompt predictor does ${(flops / 1e9).toFixed(1)} GFLOP`);
  return Math.ceil(flops / 4e9);
}

describe('invariants 6 and 7: a second run makes nothing, and everything made has a label', () => {
  for (const name of ['nano-sam2', 'nano-sam2rad'])
    gpuTest(name, async (gpu) => {
      const own = await requestDevice({ gpu });
      const { device, watch } = watched(own.device);
      const model = await loadModel(await goldenModelFile(name), { device });
      const prompts =
        model.classes.length > 0
          ? [...PROMPTS, ['auto', { mode: 'auto' }, { mode: 'auto' }] as const]
          : PROMPTS;
      const counted = async (work: () => Promise<unknown>) => {
        const before = new Map(watch.calls);
        await work();
        return since(watch, before);
      };

      const first = await model.setImage(picture(1));
      for (const [, options] of prompts) await first.predict(options);
      first.dispose();
      const made = [...watch.calls]
        .filter(([method]) => method.startsWith('create'))
        .map((entry) => entry.join(' '));
      console.log(`${name}: first run made ${made.join(', ')}`);

      let image = first;
      const encoded = await counted(async () => {
        image = await model.setImage(picture(2));
      });
      // Preprocess and encode, a submit each.
      expect(encoded).toEqual({ made: [], submits: 2, passes: 2 });
      for (const [i, [prompt, , options]] of prompts.entries()) {
        // Decode and masks, then one read-back; image terms and the prompt predictor run once a picture.
        const { made, submits, passes } = await counted(() => image.predict(options));
        expect([prompt, made, submits]).toEqual([prompt, [], passes + 1]);
        if (prompt === 'auto') expect(passes).toBeGreaterThanOrEqual(2 + predictorSubmits(model.config));
        else expect(passes).toBe(i === 0 ? 3 : 2);
      }
      expect([...new Set(watch.unlabelled)]).toEqual([]);
      const labels = [...watch.labels].map(([method, all]) => `${method} ${new Set(all).size}`);
      console.log(`${name}: different labels by method: ${labels.join(', ')}`);
      model.dispose();
      own.device.destroy();
    });
});
