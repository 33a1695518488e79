import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import type { ModelConfig } from '../../src/weights/config.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { canonicalName } from '../../src/weights/keys.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { referenceKeys } from '../../src/weights/reference-keys.ts';
import { referenceCheckpoint } from '../../src/weights/reference-layout.ts';
import { referenceNotes } from '../../src/weights/reference-notes.ts';
import { canonicalCheckpoint, golden, plan, plannedCheckpoint } from './unwritten.ts';

test("a ViT's tables have the size of the image", async () => {
  const source = golden('sam2rad-vit-b');
  const small = plannedCheckpoint(plan(canonicalCheckpoint(source, 512)));
  const encoder = 'model.model.image_encoder';
  expect(small.tensors.get(`${encoder}.pos_embed`)?.shape).toEqual([1, 32, 32, 768]);
  expect(small.tensors.get(`${encoder}.blocks.2.attn.rel_pos_h`)?.shape).toEqual([63, 64]);
  expect(small.tensors.get(`${encoder}.blocks.0.attn.rel_pos_h`)?.shape).toEqual([27, 64]);
  // Every second pair of rows, averaged: bilinear without antialias, at half the size.
  const [wide, half] = [
    await source.tensors.get(`${encoder}.pos_embed`)?.readF32(),
    await small.tensors.get(`${encoder}.pos_embed`)?.readF32(),
  ];
  const at = (y: number, x: number) => wide?.[(y * 64 + x) * 768 + 5] ?? Number.NaN;
  expect(half?.[(3 * 32 + 9) * 768 + 5]).toBeCloseTo((at(6, 18) + at(6, 19) + at(7, 18) + at(7, 19)) / 4, 6);
  const { config } = describeCheckpoint(small);
  expect(config).toMatchObject({ imageSize: 512, preprocess: 'sam2rad', encoder: { tableSize: 32 } });
});

test('names that no listing holds: linear predictor, adapters and LoRA of SAM', () => {
  const { config } = describeCheckpoint(golden('sam2rad-vit-b'));
  const block = 'image_encoder.blocks.7';
  const linear = {
    ...config,
    ppn: { kind: 'linear', channels: [256], maskScale: 4 },
    adapters: { hidden: 64, blocks: [block] },
    lora: { rank: 32 },
  } as const;
  const cases = {
    'prompt_predictor.layers.0.mlp.layers.1.bias': 'prompt_sampler.prompt_learner.mlp.layers.1.bias',
    'prompt_predictor.pos_encoding1d.inv_freq': 'prompt_sampler.prompt_learner.pos_encoding_1d.inv_freq',
    'prompt_predictor.mask_classifier.layers.0.bias':
      'prompt_sampler.prompt_learner.mask_classifier.layers.0.bias',
    [`${block}.norm1.weight`]: 'image_encoder.net.blocks.7.norm1.weight',
    [`${block}.adapter.lin2.weight`]: 'image_encoder.adapters.0.adapters.2.weight',
    'mask_decoder.transformer.layers.1.mlp.layers.0.bias':
      'mask_decoder.net.transformer.layers.1.mlp.lin1.bias',
    'mask_decoder.iou_prediction_head.layers.0.bias': 'mask_decoder.net.iou_prediction_head.layers.0.bias',
    'mask_decoder.transformer.layers.1.self_attn.v_proj.lora_b.weight':
      'mask_decoder.net.transformer.layers.1.self_attn.v_proj.w_b.weight',
    'mask_decoder.transformer.layers.1.self_attn.k_proj.bias':
      'mask_decoder.net.transformer.layers.1.self_attn.k_proj.bias',
    'mask_decoder.transformer.layers.1.self_attn.q_proj.bias':
      'mask_decoder.net.transformer.layers.1.self_attn.q_proj.proj.bias',
  };
  for (const [name, key] of Object.entries(cases)) {
    expect(referenceKeys(name, linear)).toEqual([`model.model.${key}`]);
    if (!name.includes('.adapter.')) expect(canonicalName(key)).toBe(name);
  }
});

test('what the reference must be told to build is said', () => {
  const { config } = describeCheckpoint(golden('sam2rad-vit-b'));
  const told = (parts: Partial<ModelConfig>) => referenceNotes({ ...config, ...parts }, [], 0).join(' ');
  expect(told({ lora: { rank: 32 }, adapters: { hidden: 64, blocks: [] } })).toBe('');
  expect(told({ lora: { rank: 8 } })).toMatch(/^LoRA has rank 8, the reference's code says 32/);
  expect(told({ family: 'sam2', lora: { rank: 8 } })).toBe('');
  expect(told({ adapters: { hidden: 32, blocks: [] } })).toMatch(/^Adapters are 32 wide, .* 64/);
  expect(told({ decoder: { ...config.decoder, objectScore: 'none' } })).toMatch(/pred_obj_scores: false/);
});

async function blobOf(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk));
  return new Blob(parts);
}

test('as a file: from q8 too, with the size, version and record of what it was made from', async () => {
  const converted = convertCheckpoint(golden('nano-sam2rad'), { dtype: 'q8', imageSize: 512 });
  const opened = await openCheckpoint(await blobOf(converted));
  const config = JSON.stringify({ ...describeCheckpoint(opened).config, version: 'sam2.1' });
  const ours = { ...opened, metadata: { ...opened.metadata, config, run: '{"seed":7}' } };
  const seen: number[] = [];
  const file = await blobOf(
    referenceCheckpoint(ours, { onProgress: ({ bytes, total }) => seen.push(bytes, total) }),
  );
  expect(seen.slice(-2)).toEqual([file.size, file.size]);
  const written = await openCheckpoint(file, { name: 'reference.safetensors' });
  expect(written.metadata).toMatchObject({
    layout: 'reference',
    run: '{"seed":7}',
    source: 'nano-sam2rad.ckpt',
  });
  expect(written.metadata).not.toHaveProperty('storage');
  const after = describeCheckpoint(written);
  expect(after.config).toEqual(describeCheckpoint(ours).config);
  expect(after.config).toMatchObject({ imageSize: 512, version: 'sam2.1' });
  const key = 'model.model.image_encoder.net.trunk.blocks.1.attn.qkv.weight';
  const name = 'image_encoder.trunk.blocks.1.attn.qkv.weight';
  const values = await canonicalTensors(ours, describeCheckpoint(ours)).get(name)?.readF32();
  expect(await written.tensors.get(key)?.readF32()).toEqual(values);
});

test('refused: no prompt predictor, a dataset with a dot, values that are not finite; a cancel stops', async () => {
  expect(() => plan(golden('nano-sam2'))).toThrow(/no prompt predictor; the reference's layout holds/);
  const ours = canonicalCheckpoint(golden('nano-sam2rad'));
  const renamed = [...ours.tensors].map(
    ([name, tensor]) => [name.replace('queries.phantom', 'queries.hip.v2'), tensor] as const,
  );
  const { config: _, ...metadata } = ours.metadata;
  const dotted = { ...ours, metadata: { ...metadata, format: '' }, tensors: new Map(renamed) };
  expect(() => plan(dotted)).toThrow(/queries named "hip\.v2", which PyTorch cannot/);
  const tensor = ours.tensors.get('no_mem_embed');
  if (!tensor) throw new Error('no no_mem_embed');
  const broken = { ...tensor, readF32: async () => new Float32Array(256).fill(Number.NaN, 9) };
  const tensors = new Map(ours.tensors).set('no_mem_embed', broken);
  const run = blobOf(referenceCheckpoint({ ...ours, tensors }));
  await expect(run).rejects.toThrow(CheckpointError);
  await expect(run).rejects.toThrow(/value 9 of tensor "no_mem_embed" is NaN/);
  await expect(blobOf(referenceCheckpoint(ours, { signal: AbortSignal.abort() }))).rejects.toThrow(/abort/i);
});
