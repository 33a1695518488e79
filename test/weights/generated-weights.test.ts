import { expect, test } from 'vitest';
import weights from '../fixtures/goldens/nano-sam2rad.weights.json' with { type: 'json' };
import { fnv1a32, generatedCheckpoint, generateImage, generateTensor, mix } from './generated-weights.ts';

test('the generator reproduces the check values of the goldens README', () => {
  expect([0, 1, 2, 3].map((i) => mix(7, i))).toEqual([2440275426, 2932275085, 621123178, 2414948757]);
  expect(fnv1a32('abc')).toBe(440920331);
  expect([...generateTensor('model.model.no_mem_embed', [3], 0, 0.8999999761581421)]).toEqual([
    0.008893990889191628, 0.6748099327087402, -0.04100331664085388,
  ]);
  expect([...generateImage(4, 4, 7).subarray(0, 12)]).toEqual([18, 12, 4, 21, 4, 24, 4, 18, 20, 17, 6, 5]);
});

test('an alias has the values of the key that it shares', async () => {
  const { tensors } = generatedCheckpoint(weights);
  const sampler = 'model.model.prompt_sampler.';
  const own = await tensors.get(`${sampler}prompt_encoder.no_mask_embed.weight`)?.readF32();
  const shared = await tensors.get(`${sampler}prompt_learner.prompt_encoder.no_mask_embed.weight`)?.readF32();
  expect(own).toHaveLength(256);
  expect(shared).toEqual(own);
});
