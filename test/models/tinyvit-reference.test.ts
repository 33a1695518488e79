import { readFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { type ImageSession, loadModel } from '../../src/index.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { gpuTest } from '../gpu-device.ts';
import { generateImage } from '../weights/generated-weights.ts';
import { withCachedBiases } from './cached-biases.ts';
import { type Golden, goldenError } from './golden.ts';
import { goldenWeights, modelFile, NANO_LIMITS } from './golden-run.ts';

const SIZE = 256;

/** What MobileSAM's code computes, made by fixtures/reference/mobile_sam.py. */
async function reference(): Promise<Golden> {
  const url = new URL('../fixtures/reference/mobile-sam.safetensors', import.meta.url);
  const { metadata, tensors } = await openCheckpoint(new Blob([new Uint8Array(await readFile(url))]));
  const values = await Promise.all([...tensors].map(async ([key, t]) => [key, await t.readF32()] as const));
  return { metadata, tensors: new Map(values) };
}

describe("the whole TinyViT equals MobileSAM's own code in PyTorch", () => {
  for (const state of ['loaded', 'cached'] as const)
    gpuTest(
      `tables of biases ${state === 'loaded' ? 'from the file' : 'kept from before loading'}`,
      async (gpu) => {
        const weights = await goldenWeights('sam2rad-vit-tiny');
        const file = await modelFile(state === 'loaded' ? weights : withCachedBiases(weights), SIZE);
        const model = await loadModel(file, { gpu });
        try {
          const image = await model.setImage({
            data: generateImage(SIZE, SIZE, 7),
            width: SIZE,
            height: SIZE,
          });
          const { tensors } = await image.predict({ mode: 'auto', returnTensors: true });
          const golden = await reference();
          for (const name of ['image_embedding', 'high_res_features.0', 'high_res_features.1']) {
            const error = goldenError(
              golden,
              `${state}.${name}`,
              tensors?.get(name)?.data ?? new Float32Array(),
            );
            console.log(`${state}.${name}: ${error.toExponential(1)}`);
            expect(error).toBeLessThan(NANO_LIMITS.feature);
            // The two readings differ by a thousand times the limit: one cannot pass for the other.
            const other = state === 'loaded' ? 'cached' : 'loaded';
            expect(
              goldenError(golden, `${other}.${name}`, tensors?.get(name)?.data ?? new Float32Array()),
            ).toBeGreaterThan(0.01);
          }
        } finally {
          model.dispose();
        }
      },
    );
});

gpuTest('two pictures at once, where the prompt predictor reads maps besides the embedding', async (gpu) => {
  using model = await loadModel(await modelFile(await goldenWeights('sam2rad-vit-tiny'), SIZE), { gpu });
  const picture = (seed: number) => ({ data: generateImage(SIZE, SIZE, seed), width: SIZE, height: SIZE });
  const ask = async (image: ImageSession) => (await image.predict({ mode: 'auto' }))[0]?.lowResLogits;
  using first = await model.setImage(picture(7));
  const alone = await ask(first);
  using second = await model.setImage(picture(8));
  expect(await ask(second)).not.toEqual(alone);
  expect(await ask(first)).toEqual(alone);
});
