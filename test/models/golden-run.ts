import { readFile } from 'node:fs/promises';
import { loadModel } from '../../src/index.ts';
import type { Prediction } from '../../src/tasks/types.ts';
import { convertCheckpoint } from '../../src/weights/convert.ts';
import { generatedCheckpoint, generateImage, type WeightsJson } from '../weights/generated-weights.ts';
import { withCachedBiases } from './cached-biases.ts';
import { compareDump, goldenError, goldenPrompts, readGolden } from './golden.ts';

/** Goldens whose tables of biases PyTorch had kept from before the weights were loaded. */
const CACHED_BIASES = ['sam2rad-vit-tiny'];

/** The rules of a golden's weights. */
export async function goldenWeights(name: string): Promise<WeightsJson> {
  const listing = new URL(`../fixtures/goldens/${name}.weights.json`, import.meta.url);
  return JSON.parse(await readFile(listing, 'utf8')) as WeightsJson;
}

/** The weights of a golden as a file of our own layout, made from the rule, as PyTorch saw them. */
export async function goldenModelFile(name: string): Promise<Blob> {
  const weights = await goldenWeights(name);
  const { metadata } = await readGolden(name);
  const seen = CACHED_BIASES.includes(name) ? withCachedBiases(weights) : weights;
  return modelFile(seen, Number(metadata['image_size']));
}

/** Generated weights as a file of our own layout. */
export async function modelFile(weights: WeightsJson, imageSize: number): Promise<Blob> {
  const chunks: BlobPart[] = [];
  const checkpoint = generatedCheckpoint(weights);
  for await (const chunk of convertCheckpoint(checkpoint, { dtype: 'f32', imageSize }))
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  return new Blob(chunks);
}

/** Runs everything that a golden holds, through the public API. @returns the relative error of each tensor */
export async function runGolden(
  name: string,
  gpu: GPU,
  say: (line: string) => void = () => {},
): Promise<Map<string, number>> {
  const golden = await readGolden(name);
  const size = Number(golden.metadata['image_size']);
  const model = await loadModel(await goldenModelFile(name), { gpu });
  const errors = new Map<string, number>();
  const compare = (prefix: string, prediction: Prediction) => {
    for (const [key, error] of compareDump(golden, prefix, prediction)) {
      errors.set(key, error);
      say(`${name}: ${error.toExponential(1)} ${key}`);
    }
  };
  try {
    const data = generateImage(size, size, Number(golden.metadata['image_seed']));
    const image = await model.setImage({ data, width: size, height: size });
    const returnTensors = true;
    if (model.classes.length > 0) {
      const auto = await image.predict({ mode: 'auto', returnTensors });
      compare('', auto);
      compare('auto', auto);
    }
    for (const [prompt, options] of Object.entries(goldenPrompts(size))) {
      const manual = await image.predict({ mode: 'manual', ...options, returnTensors });
      // With a prompt predictor the golden's own tokens are those of the autonomous mode.
      if (model.classes.length === 0) compare('', manual);
      compare(`manual.${prompt}`, manual);
      if (golden.tensors.has(`manual.${prompt}.multimask.iou_predictions`))
        compare(
          `manual.${prompt}.multimask`,
          await image.predict({ mode: 'manual', ...options, multimaskOutput: true, returnTensors }),
        );
      if (golden.tensors.has(`auto+${prompt}.iou_predictions`)) {
        const both = await image.predict({ mode: 'auto', ...options, returnTensors });
        compare(`auto+${prompt}`, both);
      }
    }
    // The mask prompt is the box's own answer, bounded; at full size a golden holds only samples of it.
    const boxed = await image.predict({ mode: 'manual', ...goldenPrompts(size)['box'] });
    const bounded = boxed[0]?.lowResLogits.map((logit) => Math.min(32, Math.max(-32, logit)));
    const maskInput = golden.tensors.get('manual.mask_input') ?? bounded ?? new Float32Array();
    errors.set('manual.mask_input', goldenError(golden, 'manual.mask_input', bounded ?? new Float32Array()));
    const points = goldenPrompts(size)['points'];
    compare(
      'manual.points_mask',
      await image.predict({ mode: 'manual', ...points, maskInput, returnTensors }),
    );
  } finally {
    model.dispose();
  }
  return errors;
}

/** Features have the tighter tolerance; everything else is what decoder and predictor make of them. */
const isFeature = (name: string): boolean => /image_embedding|high_res_features/.test(name);

/** Relative errors that issue and README promise at the test size: norm of the difference over the norm. */
export const NANO_LIMITS = { feature: 2e-5, other: 1e-4 };
/** At S = 1024, through three times as many layers. */
export const FULL_LIMITS = { feature: 1e-4, other: 1e-3 };

/** Throws with every tensor that is off; prints all of them, worst first. */
export function judge(
  name: string,
  errors: ReadonlyMap<string, number>,
  limits: { readonly feature: number; readonly other: number },
): void {
  const sorted = [...errors].sort(([, a], [, b]) => b - a);
  const lines = sorted.map(([tensor, error]) => `  ${error.toExponential(1)}  ${tensor}`);
  console.log(`${name}: ${errors.size} tensors, relative errors\n${lines.join('\n')}`);
  const limit = (tensor: string) => (isFeature(tensor) ? limits.feature : limits.other);
  const off = sorted.filter(([tensor, error]) => !(error <= limit(tensor)));
  if (errors.size === 0) throw new Error(`${name}: nothing was compared`);
  if (off.length > 0)
    throw new Error(
      `${name}: ${off.map(([tensor, error]) => `${tensor} is off by ${error}, limit ${limit(tensor)}`)}`,
    );
}
