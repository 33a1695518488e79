import { readFile } from 'node:fs/promises';
import { openTrainingEngine } from '../../src/tasks/train/engine.ts';
import { truthOf } from '../../src/tasks/train/example.ts';
import type { TrainedParts } from '../../src/tasks/train/trained.ts';
import type { StepLosses } from '../../src/tasks/train/trainer.ts';
import { canonicalName } from '../../src/weights/keys.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { relativeError } from '../close.ts';
import { type Golden, readGolden } from '../models/golden.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { generateImage } from '../weights/generated-weights.ts';

/** The goldens of training: what is trained, and whether the true box prompts beside the learned tokens. */
export const TRAINING_GOLDENS: Readonly<
  Record<string, { readonly parts: TrainedParts; readonly box: boolean }>
> = {
  'train-nano-ppn': { parts: 'ppn', box: false },
  'train-nano-ppn-box': { parts: 'ppn', box: true },
  'train-nano-adapter-lora': { parts: 'ppn+lora+adapters', box: false },
};
const RATE = 1e-4;
const STEPS = 3;

/** The error of one thing against PyTorch. */
export interface GoldenError {
  /** 'exact' is a gradient against f64, the others are against what PyTorch computed in f32. */
  readonly kind: 'loss' | 'gradient' | 'exact' | 'parameter';
  readonly step: number;
  readonly name: string;
  readonly error: number;
  /** Gradients that are nothing but rounding: their norm is under 1e-6 of the largest. */
  readonly noise: boolean;
}

/**
 * Runs a golden of training: losses before each step and after the last, gradients, parameters.
 *
 * Tensors that a golden holds whole, and not as a sample, were saved by reference: PyTorch went on writing into them, so
 * that `step1.x` and `step3.x` are equal bit for bit, and `grad.x` is the gradient of the last step. They are compared
 * with ours of that time; those of the first step are held to f64 (see fixtures/reference/train_gradients.py).
 *
 * @param options `steps` of the optimiser, from 1 to 3, and whether to compute the losses after the last of them
 */
export async function runTrainingGolden(
  name: string,
  gpu: GPU,
  { steps = STEPS, after = true } = {},
): Promise<GoldenError[]> {
  const { parts, box } = TRAINING_GOLDENS[name] ?? { parts: 'ppn', box: false };
  const golden = await readGolden(name);
  const exact = await readGolden(`../reference/${name}.gradients`);
  const side = Number(golden.metadata['image_size']);
  const classes = Number(golden.metadata['classes']);
  const seeds = JSON.parse(golden.metadata['image_seeds'] ?? '[]') as number[];
  const checkpoint = await openCheckpoint(await goldenModelFile(name), { name });
  const draw = { learned: true, box, mask: false };
  using engine = await openTrainingEngine(checkpoint, { gpu, parts, dropout: 0, draws: [draw] });
  const { trainer } = engine;
  const masks = await masksOf(name);
  const batch = [];
  for (const [i, seed] of seeds.entries()) {
    const picture = { data: generateImage(side, side, seed), width: side, height: side };
    batch.push({ inputs: await engine.encode(picture), labels: labelsOf(masks, i, classes, side) });
  }
  const boxes = batch.flatMap(({ labels }) =>
    Array.from({ length: classes }, (_, c) => truthOf(labels, side, c + 1).box).flat(),
  );
  if (boxes.join() !== [...(golden.tensors.get('boxes') ?? [])].join())
    throw new Error(`${name}: boxes are ${boxes}`);

  const errors: GoldenError[] = [];
  const noisy = new Set<string>();
  const stepOptions = { draw, rate: RATE, seed: 0 };
  for (let step = 1; step <= steps + (after ? 1 : 0); step++) {
    await trainer.accumulate(batch, stepOptions);
    const gradients = await trainer.weights.gradients();
    // After the last step its losses alone count: the weights that it moves are not looked at.
    const { losses } = await trainer.optimise(stepOptions);
    const expected = golden.tensors.get('losses')?.subarray(5 * (step - 1), 5 * step) ?? [];
    columns(losses).forEach(([term, value], i) => {
      const error = Math.abs(value - (expected[i] ?? 0)) / Math.abs(expected[i] ?? 0);
      errors.push({ kind: 'loss', step, name: term, error, noise: false });
    });
    if (step > steps) break;
    if (step === 1) {
      errors.push(...compare(exact, 'grad.', gradients, 'exact', step, 'samples', noisy));
      errors.push(...compare(golden, 'grad.', gradients, 'gradient', step, 'samples', noisy));
    }
    if (step === STEPS) errors.push(...compare(golden, 'grad.', gradients, 'gradient', step, 'whole', noisy));
    if (step !== 1 && step !== STEPS) continue;
    const { weights } = await trainer.weights.read();
    const own = trainer.weights.unpack(weights);
    errors.push(...compare(golden, `step${step}.`, own, 'parameter', step, 'samples', noisy));
    if (step === STEPS) errors.push(...compare(golden, 'step3.', own, 'parameter', step, 'whole', noisy));
  }
  return errors;
}

const columns = ({ total, dice, focal, object, box, interim }: StepLosses): [string, number][] => [
  ['total', total],
  ['seg', (dice + 10 * focal) / 2],
  ['object', object],
  ['box', box],
  ['interim', interim],
];

/** Our name of a key of the reference's training. */
function nameOf(key: string): string {
  const queries = /^model\.learnable_prompts\.(.*)$/.exec(key)?.[1];
  if (queries) return `queries.${queries}`;
  const [, block, layer, rest] =
    /^model\.model\.image_encoder\.adapters\.(\d+)\.adapters\.([02])\.(.*)$/.exec(key) ?? [];
  if (block) return `image_encoder.trunk.blocks.${block}.adapter.lin${layer === '0' ? 1 : 2}.${rest}`;
  return canonicalName(key.replace(/^model\.model\./, '')) ?? key;
}

function compare(
  golden: Golden,
  prefix: string,
  actual: ReadonlyMap<string, Float32Array>,
  kind: 'gradient' | 'exact' | 'parameter',
  step: number,
  which: 'samples' | 'whole',
  noisy: Set<string>,
): GoldenError[] {
  const norms = [...actual.values()].map(normOf);
  const largest = norms.reduce((most, norm) => Math.max(most, norm), 0);
  const errors: GoldenError[] = [];
  for (const [key, values] of golden.tensors) {
    const sampled = key.endsWith('.sample');
    if (!key.startsWith(prefix) || key.endsWith('.stats') || sampled !== (which === 'samples')) continue;
    const whole = key.slice(prefix.length).replace(/\.sample$/, '');
    const name = nameOf(whole);
    const own = actual.get(name);
    // What no gradient reaches is in the golden, too: it never changes.
    if (!own) continue;
    const [, stride = 1] = golden.tensors.get(`${prefix}${whole}.stats`) ?? [];
    const picked = Float32Array.from(values, (_, i) => own[i * stride] ?? Number.NaN);
    const noise = kind !== 'parameter' && normOf(own) < 1e-6 * largest;
    if (noise) noisy.add(name);
    const error = noise
      ? normOf(picked.map((v, i) => v - (values[i] ?? 0))) / largest
      : relativeError(picked, values);
    errors.push({ kind, step, name, error, noise: noise || noisy.has(name) });
  }
  return errors;
}

const normOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

/** [pictures, classes, S, S] bytes, which `readGolden` leaves out. */
async function masksOf(name: string): Promise<Uint8Array> {
  const file = new URL(`../fixtures/goldens/${name}.safetensors`, import.meta.url);
  const { tensors } = await openCheckpoint(new Blob([new Uint8Array(await readFile(file))]));
  return (await tensors.get('masks')?.read()) ?? new Uint8Array();
}

function labelsOf(masks: Uint8Array, picture: number, classes: number, side: number): Uint8Array {
  const labels = new Uint8Array(side * side);
  for (let c = 0; c < classes; c++)
    for (let i = 0; i < labels.length; i++)
      if ((masks[(picture * classes + c) * labels.length + i] ?? 0) > 0) labels[i] = c + 1;
  return labels;
}
