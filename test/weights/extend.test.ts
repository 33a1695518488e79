import { describe, expect, test } from 'vitest';
import { classNamesOf } from '../../src/weights/config.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { withPromptPredictor, withValues } from '../../src/weights/extend.ts';
import { initialValues } from '../../src/weights/initial.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { demoFile } from '../tasks/models.ts';

const dataset = { name: 'wrist', classes: 2, tokens: 10 };
const base = async () => openCheckpoint(await demoFile());

describe('a base made trainable', () => {
  test('is a Sam2Rad model of its dataset, with the values of the base', async () => {
    const plain = await base();
    const whole = withPromptPredictor(plain, { dataset, seed: 1 });
    const { config, parameters } = describeCheckpoint(whole);
    expect(config).toMatchObject({ preprocess: 'sam2rad', ppn: { kind: 'high-res' }, datasets: [dataset] });
    // system.md: the predictor has 5.08 M parameters; the queries are 2 x 10 x 256.
    expect(parameters - describeCheckpoint(plain).parameters).toBeGreaterThan(5.07e6);
    expect(parameters - describeCheckpoint(plain).parameters).toBeLessThan(5.1e6);
    const name = 'mask_decoder.iou_token.weight';
    expect(await whole.tensors.get(name)?.readF32()).toEqual(await plain.tensors.get(name)?.readF32());
  });

  test('has LoRA and adapters where they are wanted, which change nothing before they are trained', async () => {
    const whole = withPromptPredictor(await base(), { dataset, loraRank: 8, adapterWidth: 64, seed: 1 });
    expect(describeCheckpoint(whole).config).toMatchObject({ lora: { rank: 8 }, adapters: { hidden: 64 } });
    const zeros = [...whole.tensors.keys()].filter((name) => /lora_b|adapter\.lin2/.test(name));
    expect(zeros.length).toBeGreaterThan(20);
    for (const name of zeros)
      expect((await whole.tensors.get(name)?.readF32())?.every((value) => value === 0)).toBe(true);
  });

  test('draws the same from a seed, whatever the order, and something else from another', async () => {
    const queries = async (seed: number) =>
      withPromptPredictor(await base(), { dataset, seed })
        .tensors.get('queries.wrist')
        ?.readF32();
    expect(await queries(1)).toEqual(await queries(1));
    expect(await queries(1)).not.toEqual(await queries(2));
  });

  test('drops the queries of another dataset, keeps its own, and refuses LoRA of another rank', async () => {
    const first = withPromptPredictor(await base(), { dataset, loraRank: 8, seed: 1 });
    const other = { ...dataset, name: 'hip' };
    const second = withPromptPredictor(first, { dataset: other, seed: 2 });
    expect(describeCheckpoint(second).config.datasets).toEqual([other]);
    const again = withPromptPredictor(first, { dataset, seed: 2 });
    expect(await again.tensors.get('queries.wrist')?.readF32()).toEqual(
      await first.tensors.get('queries.wrist')?.readF32(),
    );
    expect(() => withPromptPredictor(first, { dataset, loraRank: 32, seed: 2 })).toThrow(
      'has LoRA of rank 8, expected 32',
    );
  });

  test('keeps what its classes are called, through a file, and refuses names that are none', async () => {
    const named = withPromptPredictor(await base(), { dataset, classNames: ['bone', 'tendon'], seed: 1 });
    const chunks: BlobPart[] = [];
    for await (const chunk of convertCheckpoint(named, { dtype: 'f32' })) chunks.push(new Uint8Array(chunk));
    const read = await openCheckpoint(new File(chunks, 'named.safetensors'));
    expect(classNamesOf(describeCheckpoint(read).config)).toEqual(['bone', 'tendon']);
    const edited = (classNames: unknown) => {
      const config = JSON.stringify({ ...JSON.parse(read.metadata['config'] ?? ''), classNames });
      return () => describeCheckpoint({ ...read, metadata: { ...read.metadata, config } });
    };
    expect(edited(['bone'])).toThrow('says class names bone, its tensors say 2 classes');
    for (const bad of [['bone', 'bone'], ['bone', ''], ['bone', 3], 'bone', ['bone', 'x'.repeat(65)]])
      expect(edited(bad)).toThrow('class names that are no list of different texts');
    for (const classNames of [['bone'], ['bone', 'bone'], ['bone', ' ']])
      expect(() => withPromptPredictor(read, { dataset, classNames, seed: 1 })).toThrow(
        'expected 2 different names',
      );
  });

  test('takes values by name, and knows no others', async () => {
    const values = new Map([['mask_decoder.iou_token.weight', new Float32Array(256).fill(2)]]);
    const changed = withValues(await base(), values, { run: 'a record' });
    expect(await changed.tensors.get('mask_decoder.iou_token.weight')?.readF32()).toEqual(
      new Float32Array(256).fill(2),
    );
    expect(changed.metadata['run']).toBe('a record');
    const stranger = new Map([['nobody', new Float32Array()]]);
    expect(() => withValues(changed, stranger)).toThrow("has no tensor 'nobody'");
  });
});

describe('initial values', () => {
  const of = (name: string, shape: number[]) => initialValues(name, shape, shape, 3);
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

  test('of a linear layer lie within 1 / sqrt(inputs), evenly', () => {
    const values = of('prompt_predictor.layers.0.mlp.layers.0.weight', [2048, 256]);
    expect(Math.max(...values.subarray(0, 10_000))).toBeLessThanOrEqual(1 / 16);
    expect(deviation(values)).toBeCloseTo(1 / 16 / Math.sqrt(3), 4);
  });

  test('of the mask head have variance 2 / fan-out; of queries deviation 1/16; norms are 1 and 0', () => {
    const conv = of('prompt_predictor.mask_classifier.layers.0.weight', [64, 256, 3, 3]);
    expect(deviation(conv)).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 3);
    expect(deviation(of('queries.x', [20, 100, 256]))).toBeCloseTo(1 / 16, 3);
    expect(deviation(initialValues('queries.x', [20, 100, 256], [], 3, 1))).toBeCloseTo(1, 2);
    expect([...of('prompt_predictor.layers.0.norm4.weight', [3])]).toEqual([1, 1, 1]);
    expect([...of('prompt_predictor.layers.0.norm4.bias', [3])]).toEqual([0, 0, 0]);
  });
});
