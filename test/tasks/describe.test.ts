/** What `sam2rad info` says of a model, against sums made by hand from the architecture. */
import { expect, test } from 'vitest';
import { CheckpointError, describeModel, readConfig } from '../../src/index.ts';
import { configOf, type ModelName } from '../architecture/models.ts';
import { demoFile } from './models.ts';

/**
 * Multiply-adds of SAM's ViT at S = 1024: matrices by 64 x 64 tokens, attention's two products by what each token
 * sees. Windows have 14 x 14 tokens, 25 of them, those beyond the map included as keys and queries.
 */
function vitMultiplyAdds(width: number, depth: number, globals: number): number {
  const tokens = 64 * 64;
  const matrices = depth * tokens * 12 * width * width;
  const everywhere = globals * 2 * tokens * tokens * width;
  const windowed = (depth - globals) * 2 * 25 * 196 * 196 * width;
  const patches = tokens * 16 * 16 * 3 * width;
  const neck = tokens * (width + 9 * 256) * 256;
  return matrices + everywhere + windowed + patches + neck;
}

test.each<[ModelName, number, number]>([
  ['ViT-B', 768, 12],
  ['ViT-L', 1024, 24],
  ['ViT-H', 1280, 32],
])('%s: the arithmetic of an encode is that of its matrices and attention', async (model, width, depth) => {
  const { encode } = await describeModel(configOf(model));
  const expected = 2 * vitMultiplyAdds(width, depth, 4);
  console.log(`${model}: ${(encode.flops / 1e9).toFixed(0)} GFLOP, by hand ${(expected / 1e9).toFixed(0)}`);
  // Norms, activations and relative positions are in the one and not in the other; windows' padding in both.
  expect(Math.abs(encode.flops / expected - 1)).toBeLessThan(0.02);
});

test('a click costs the same at every size of encoder, and three classes thrice as much as one', async () => {
  const [tiny, large] = await Promise.all([
    describeModel(configOf('tiny')),
    describeModel(configOf('large')),
  ]);
  expect(tiny.click.flops).toBe(large.click.flops);
  expect(tiny.auto).toBeNull();
  const config = configOf('Sam2Rad tiny');
  const [dataset] = config.datasets;
  if (!dataset) throw new Error('Sam2Rad has classes');
  const costs = await Promise.all(
    [1, 3].map((classes) => describeModel({ ...config, datasets: [{ ...dataset, classes }] })),
  );
  const [one = 0, three = 0] = costs.map(({ auto }) => auto?.flops ?? 0);
  // What depends on the picture alone is done once.
  expect(three / one).toBeGreaterThan(2.5);
  expect(three / one).toBeLessThanOrEqual(3);
});

test('weights on the GPU: f32 is four bytes a parameter that still images need, f16 and q8 the smaller shares', async () => {
  for (const model of ['ViT-B', 'large', 'MobileSAM'] as const) {
    const { storages } = await describeModel(configOf(model));
    const { f32, f16, q8 } = storages;
    expect(f16.weightBytes / f32.weightBytes).toBeGreaterThan(0.5);
    expect(q8.weightBytes).toBeLessThan(f16.weightBytes);
  }
});

test('a file is planned before anything of it is loaded', async () => {
  const config = await readConfig(await demoFile());
  expect(config).toMatchObject({ imageSize: 256, preprocess: 'sam2' });
  const { click } = await describeModel(config);
  expect(click.flops).toBeGreaterThan(1e6);
  await expect(readConfig(new Blob(['no checkpoint']))).rejects.toThrow(CheckpointError);
});
