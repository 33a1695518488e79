import { loadModel } from '../../src/index.ts';
import type { Prediction } from '../../src/tasks/types.ts';
import { fixtureJson } from '../weights/fixtures.ts';
import { GeneratedBlob } from '../weights/generated-blob.ts';
import { generateImage, type WeightsJson } from '../weights/generated-weights.ts';
import { goldenPrompts } from './golden.ts';

/**
 * Every value that the stages of a model hand on, on generated weights: what one engine computes, for another to
 * compare. Nothing of the weights is kept.
 *
 * @param table a file of test/fixtures/tables, without its ending
 * @returns tensors by prompt and name
 */
export async function runTable(
  table: string,
  gpu: GPU,
  imageSize: number,
  say: (line: string) => void = () => {},
): Promise<Map<string, Float32Array>> {
  const file = new GeneratedBlob(fixtureJson<WeightsJson>(`tables/${table}.json`));
  const results = new Map<string, Float32Array>();
  const keep = (prompt: string, prediction: Prediction) => {
    // The features are the same for every prompt.
    for (const [name, { data }] of prediction.tensors ?? [])
      if (/^(image|high_res)/.test(name)) results.set(name, data);
      else results.set(`${prompt}.${name}`, data);
    say(`${table}: ${prompt}`);
  };
  using model = await loadModel(file, { gpu, imageSize });
  say(`${table}: ${(file.size / 2 ** 20).toFixed(0)} MiB are loaded`);
  const picture = { data: generateImage(imageSize, imageSize, 7), width: imageSize, height: imageSize };
  using image = await model.setImage(picture);
  const ask = (options: object) => image.predict({ ...options, returnTensors: true });
  if (model.classes.length > 0) keep('auto', await ask({ mode: 'auto' }));
  for (const [prompt, options] of Object.entries(goldenPrompts(imageSize)))
    keep(prompt, await ask({ mode: 'manual', ...options }));
  const { point1 } = goldenPrompts(imageSize);
  keep('point1.multimask', await ask({ mode: 'manual', ...point1, multimaskOutput: true }));
  return results;
}
