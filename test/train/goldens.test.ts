import { readFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { openTrainingEngine } from '../../src/tasks/train/engine.ts';
import { truthOf } from '../../src/tasks/train/example.ts';
import type { TrainedParts } from '../../src/tasks/train/trained.ts';
import type { StepLosses } from '../../src/tasks/train/trainer.ts';
import { canonicalName } from '../../src/weights/keys.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { type Golden, readGolden } from '../models/golden.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { generateImage } from '../weights/generated-weights.ts';

/** The issue's: losses, gradients and parameters against PyTorch. */
const LIMITS = { loss: 1e-4, gradient: 1e-3, parameter: 1e-5 };
const RATE = 1e-4;

/** Our name of a key of the reference's training. */
function nameOf(key: string): string {
  const queries = /^model\.learnable_prompts\.(.*)$/.exec(key)?.[1];
  if (queries) return `queries.${queries}`;
  const adapter = /^model\.model\.image_encoder\.adapters\.(\d+)\.adapters\.([02])\.(.*)$/.exec(key);
  if (adapter) return `image_encoder.trunk.blocks.${adapter[1]}.adapter.lin${adapter[2] === '0' ? 1 : 2}.${adapter[3]}`;
  return canonicalName(key.replace(/^model\.model\./, '')) ?? key;
}

/** What a golden holds under a prefix, by our names: whole tensors, or samples of them. */
function expectedUnder(golden: Golden, prefix: string) {
  const found = new Map<string, { values: Float32Array; stride: number; norm: number }>();
  for (const [key, values] of golden.tensors) {
    if (!key.startsWith(prefix) || key.endsWith('.stats')) continue;
    const whole = key.slice(prefix.length).replace(/\.sample$/, '');
    const [, stride = 1, , , norm = 0] = golden.tensors.get(`${prefix}${whole}.stats`) ?? [];
    const own = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
    found.set(nameOf(whole), { values, stride, norm: stride > 1 ? norm : own });
  }
  return found;
}

/** Worst relative error; tensors whose norm is under 1e-6 of the largest are compared on its scale. */
function worst(golden: Golden, prefix: string, actual: ReadonlyMap<string, Float32Array>) {
  const expected = expectedUnder(golden, prefix);
  const largest = Math.max(...Array.from(expected.values(), ({ norm }) => norm));
  let [error, at] = [0, 'nothing'];
  let compared = 0;
  for (const [name, { values, stride, norm }] of expected) {
    const own = actual.get(name);
    if (!own) continue;
    compared += 1;
    const picked = Float32Array.from(values, (_, i) => own[i * stride] ?? Number.NaN);
    const ownError =
      norm < 1e-6 * largest
        ? Math.hypot(...picked.map((v, i) => v - (values[i] ?? 0))) / (1e-6 * largest)
        : relativeError(picked, values);
    if (process.env['ALL']) console.log(prefix, ownError.toExponential(2), (norm / largest).toExponential(1), name, [...picked.subarray(0, 4)], [...values.subarray(0, 4)]);
    if (!(ownError <= error)) [error, at] = [ownError, name];
  }
  return { error, at, compared, expected: new Set(expected.keys()) };
}

/** [pictures, classes, S, S] bytes, which are no floats. */
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

const columns = ({ total, dice, focal, object, box, interim }: StepLosses) => [
  total,
  (dice + 10 * focal) / 2,
  object,
  box,
  interim,
];

describe('training, against PyTorch', () => {
  for (const [name, parts, box] of [
    ['train-nano-ppn', 'ppn', false],
    ['train-nano-ppn-box', 'ppn', true],
    ['train-nano-adapter-lora', 'ppn+lora+adapters', false],
  ] as const satisfies readonly (readonly [string, TrainedParts, boolean])[])
    gpuTest(name, async (gpu) => {
      const golden = await readGolden(name);
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
        Array.from({ length: classes }, (_, c) => truthOf(labels, side, c + 1).box),
      );
      expect(boxes.flat()).toEqual([...(golden.tensors.get('boxes') ?? [])]);

      const losses = golden.tensors.get('losses') ?? new Float32Array();
      const options = { draw, rate: RATE, seed: 0 };
      const report: string[] = [];
      const errors = { loss: 0, gradient: 0, parameter: 0 };
      for (let step = 1; step <= 4; step++) {
        const own = columns(await trainer.accumulate(batch, options));
        const expected = [...losses.subarray(5 * (step - 1), 5 * step)];
        const off = own.map((value, i) => Math.abs(value - (expected[i] ?? 0)) / Math.abs(expected[i] ?? 0));
        errors.loss = Math.max(errors.loss, ...off);
        report.push(`step ${step}: losses ${own.map((v) => v.toFixed(6))}, off by ${off.map((v) => v.toExponential(1))}`);
        if (step === 1) {
          const found = worst(golden, 'grad.', await trainer.weights.gradients());
          report.push(`gradients of ${found.compared} tensors: ${found.error.toExponential(1)} (${found.at})`);
          expect(found.compared).toBe(found.expected.size);
          errors.gradient = found.error;
        }
        if (process.env['ALL']) return;
        if (step === 4 || (process.env['ALL'] && step === 2)) break;
        await trainer.optimise(options);
        if (step === 1 || step === 3) {
          const { weights } = await trainer.weights.read();
          const found = worst(golden, `step${step}.`, trainer.weights.unpack(weights));
          report.push(`parameters after step ${step}: ${found.compared}, ${found.error.toExponential(1)} (${found.at})`);
          errors.parameter = Math.max(errors.parameter, found.error);
        }
      }
      console.log(`${name}\n  ${report.join('\n  ')}`);
      for (const kind of ['loss', 'gradient', 'parameter'] as const) expect(errors[kind], kind).toBeLessThan(LIMITS[kind]);
    });
});
