/** Our decoder alone, on features that are made up: what a click costs where encoding the picture takes minutes. */
import { requestDevice } from '../../src/gpu/device.ts';
import { featureMaps } from '../../src/models/features.ts';
import { loadDecoder } from '../../src/tasks/decoders.ts';
import { loadEncoder } from '../../src/tasks/encoders.ts';
import { predict } from '../../src/tasks/predict.ts';
import { askQuestion } from '../../src/tasks/prompts.ts';
import { recordDecoder, recordImageTerms, recordMasks } from '../../src/tasks/recordings.ts';
import { Stages } from '../../src/tasks/stages.ts';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { generatedCheckpoint, type WeightsJson } from '../../test/weights/generated-weights.ts';
import { filler } from './ort.ts';
import type { OurModel } from './ours.ts';

/** @param box in pixels of a picture of `size` x `size` */
export async function loadOurDecoder(
  golden: string,
  size: number,
  box: readonly [number, number, number, number],
): Promise<Pick<OurModel, 'loadMs' | 'encode' | 'click'>> {
  const weights = (await (await fetch(`/goldens/${golden}.weights.json`)).json()) as WeightsJson;
  const checkpoint = generatedCheckpoint(weights);
  const description = describeCheckpoint(checkpoint, size);
  const { config } = description;
  const gpu = await requestDevice();
  const context = {
    config,
    encoder: await loadEncoder(config),
    decoder: await loadDecoder(config, gpu.traits),
    traits: gpu.traits,
  };
  const stages = new Stages(gpu);
  const scale = { width: size, height: size, scaleX: 1, scaleY: 1 };
  const rules = { classes: 0, imageSize: size, order: 'box-first', stabilityFallback: true } as const;
  const question = askQuestion({ mode: 'manual', box }, rules, scale);
  const spec = { points: question.sparse.labels.length, mask: false, classes: [], choice: question.choice };
  const start = performance.now();
  const decoder = recordDecoder(context, spec, 0);
  const terms = recordImageTerms(context);
  const masks = recordMasks(context, { ...scale, answers: 1, scored: false, logits: false, classMap: false });
  await Promise.all([
    stages.compileKernels([terms, decoder, masks]),
    stages.parameters.load(
      [...terms.parameters, ...decoder.parameters],
      canonicalTensors(checkpoint, description),
    ),
  ]);
  const loadMs = performance.now() - start;
  for (const { name, side, channels } of featureMaps(config)) {
    const values = filler(side * side * channels, 1);
    gpu.write(stages.buffer(name, values.byteLength), values);
  }
  // Once a picture, as a session does before its first click.
  await stages.run('image terms', () => terms);
  return {
    loadMs,
    encode: () => Promise.reject(new Error(`${golden}: only the decoder was loaded`)),
    click: async () => (await predict(stages, context, scale, question, {})).prediction,
  };
}
