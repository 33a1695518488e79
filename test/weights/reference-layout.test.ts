import { expect, test } from 'vitest';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';
import {
  bitsOf,
  canonicalCheckpoint,
  expectSame,
  golden,
  listing,
  plan,
  plannedCheckpoint,
} from './unwritten.ts';

const LISTINGS = [
  'goldens/nano-sam2rad.weights.json',
  'goldens/nano-sam2rad-adapter-lora.weights.json',
  'goldens/sam2rad-hiera-t.weights.json',
  'goldens/sam2rad-vit-b.weights.json',
  'goldens/sam2rad-vit-tiny.weights.json',
  'tables/sam2rad-sam2_small_hiera.json',
];
/** The listings hold floats alone: with each BatchNorm, PyTorch's state_dict has its counter. */
function expectedShapes(weights: WeightsJson): Map<string, readonly number[]> {
  const shapes = new Map(Object.entries(weights).map(([key, { shape }]) => [key, shape] as const));
  for (const key of [...shapes.keys()])
    if (key.endsWith('.running_var')) shapes.set(key.replace('running_var', 'num_batches_tracked'), []);
  return shapes;
}
const byKey = (shapes: Iterable<readonly [string, readonly number[]]>) =>
  Object.fromEntries([...shapes].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Of a large model's tensors every fifth is compared value by value; its blocks have 12 and more, so each kind is. */
const stepOf = (weights: WeightsJson) =>
  Object.values(weights).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) > 2e7 ? 5 : 1;

test.each(LISTINGS)('%s: the reference, taken apart and put together again, is the same', async (path) => {
  const weights = listing(path);
  const source = generatedCheckpoint(weights);
  const { tensors, notes, metadata } = plan(source);
  const written = plannedCheckpoint({ tensors, notes, metadata });
  expect(notes).toEqual([]);
  expect(byKey(tensors.map(({ name, shape }) => [name, shape] as const))).toEqual(
    byKey(expectedShapes(weights)),
  );
  const step = stepOf(weights);
  for (const { name, dtype, bytes } of tensors.filter((_, i) => i % step === 0)) {
    if (dtype === 'I64') expect(await bytes()).toEqual(new Uint8Array(8));
    else await expectSame(written, name, source, name);
  }
});

test.each(LISTINGS)(
  '%s: from our file, every key and shape; read again it is the same model',
  async (path) => {
    const weights = listing(path);
    const ours = canonicalCheckpoint(generatedCheckpoint(weights));
    const written = plannedCheckpoint(plan(ours));
    expect(byKey(Array.from(written.tensors, ([key, { shape }]) => [key, shape] as const))).toEqual(
      byKey(expectedShapes(weights)),
    );
    const before = describeCheckpoint(ours);
    const after = describeCheckpoint(written);
    expect(after.layout).toBe('sam2rad');
    expect(after.config).toEqual(before.config);
    expect([...after.tensors.keys()]).toEqual([...before.tensors.keys()]);
    const again = { ...ours, tensors: canonicalTensors(written, after) };
    const step = stepOf(weights);
    for (const name of [...before.tensors.keys()].filter((_, i) => i % step === 0)) {
      const [was, is] = [await bitsOf(ours, name), await bitsOf(again, name)];
      if (!was || !is?.equals(was)) throw new Error(`${name} differs`);
    }
  },
);

test('what our file lacks is zeros and said, or comes from the base in either layout', async () => {
  const reference = golden('nano-sam2rad');
  const ours = canonicalCheckpoint(reference);
  const alone = plan(ours);
  expect(alone.notes).toEqual([
    '159 tensors of video memory are zeros, since the source lacks them (maskmem_tpos_enc, no_mem_pos_enc, no_obj_ptr, mask_downsample.*, memory_attention.*, memory_encoder.*, obj_ptr_proj.*, obj_ptr_tpos_proj.*); still images do not need them.',
  ]);
  expect(alone.metadata['notes']).toBe(alone.notes.join(' '));
  const key = 'model.model.memory_attention.layers.3.linear1.weight';
  const none = await bitsOf(plannedCheckpoint(alone), key);
  expect(none?.byteLength).toBe(4 * 2048 * 256);
  expect(none?.some(Boolean)).toBe(false);

  const withReference = plan(ours, reference);
  expect(withReference.notes).toEqual([]);
  await expectSame(plannedCheckpoint(withReference), key, reference, key);

  // Meta's obj_ptr_tpos_proj of SAM2.1 has 64 rows, the reference's has 256.
  const meta = generatedCheckpoint(listing('tables/sam2.1_hiera_t.json'));
  const withMeta = plan(ours, meta);
  expect(withMeta.notes).toEqual([expect.stringMatching(/^2 tensors .*\(obj_ptr_tpos_proj\.\*\)/)]);
  await expectSame(plannedCheckpoint(withMeta), key, meta, key.slice('model.model.'.length));
});

test('a folded BatchNorm becomes the identity plus a bias', async () => {
  const ours = canonicalCheckpoint(golden('sam2rad-vit-tiny'));
  const { notes, tensors } = plan(ours);
  expect(notes).toEqual([
    "4 tensors of the encoder's ImageNet classifier are zeros, since the source lacks them (image_encoder.norm_head.*, image_encoder.head.*); still images do not need them.",
    expect.stringMatching(/^27 BatchNorms had been folded/),
  ]);
  const written = plannedCheckpoint({ notes, tensors, metadata: {} });
  const group = 'model.model.image_encoder.net.layers.1.blocks.0.local_conv';
  const values = async (part: string) => (await written.tensors.get(`${group}.bn.${part}`)?.readF32()) ?? [];
  expect(new Set(await values('weight'))).toEqual(new Set([1]));
  expect(new Set(await values('running_mean'))).toEqual(new Set([0]));
  // In f32, as PyTorch on a GPU has it, and in f64, as on a CPU.
  for (const variance of new Set(await values('running_var'))) {
    expect(Math.fround(variance + Math.fround(1e-5))).toBe(1);
    expect(Math.fround(1 / Math.sqrt(variance + 1e-5))).toBe(1);
  }
  const canonical = 'image_encoder.layers.1.blocks.0.local_conv';
  await expectSame(written, `${group}.c.weight`, ours, `${canonical}.weight`);
  await expectSame(written, `${group}.bn.bias`, ours, `${canonical}.bias`);
});
