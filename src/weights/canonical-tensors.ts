import { CheckpointError } from '../errors.ts';
import type { CanonicalTensor, ModelDescription } from './description.ts';
import { elementCount, littleEndian } from './dtypes.ts';
import { badValue, readFinite } from './finite.ts';
import { dequantise, outputAxis } from './quantise.ts';
import type { Checkpoint, StoredTensor } from './types.ts';

/** PyTorch's default, which TinyViT does not change. */
export const BATCH_NORM_EPS = 1e-5;

/**
 * The tensors of a model under our canonical names, each read from the checkpoint (and folded, where its
 * recipe says so) when it is asked for. `readF32` refuses values that are not finite.
 * @param description what `detectModel` said of this same checkpoint
 */
export function canonicalTensors(
  checkpoint: Checkpoint,
  description: ModelDescription,
): ReadonlyMap<string, StoredTensor> {
  return new Map(
    Array.from(description.tensors, ([name, described]) => {
      const tensor = canonicalTensor(checkpoint, described);
      const readF32 = (signal?: AbortSignal) => readFinite(checkpoint.name, tensor, signal);
      return [name, { ...tensor, readF32 }] as const;
    }),
  );
}

function canonicalTensor(checkpoint: Checkpoint, { name, shape, recipe }: CanonicalTensor): StoredTensor {
  const source = (key: string): StoredTensor => {
    const tensor = checkpoint.tensors.get(key);
    if (tensor) return tensor;
    throw new CheckpointError(
      `${checkpoint.name}: "${key}" is gone. Describe the checkpoint that you read from.`,
    );
  };
  switch (recipe.kind) {
    case 'copy':
      return { ...source(recipe.from), name };
    case 'scaled':
      return computed(name, shape, async (signal) => {
        const bytes = await source(recipe.from).read(signal);
        const scale = await source(recipe.scale).readF32(signal);
        const bad = scale.findIndex((factor) => !(factor > 0 && factor < Number.POSITIVE_INFINITY));
        if (bad >= 0)
          throw badValue(
            checkpoint.name,
            recipe.scale,
            scale,
            bad,
            'A finite number above 0 was expected: convert the original again.',
          );
        const values = new Int8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
        return dequantise({ values, scale: new Float32Array(scale) }, outputAxis(name, shape).inner);
      });
    case 'sine-frequencies':
      return computed(name, shape, async () => sineFrequencies(elementCount(shape) ?? 0));
    case 'fold-weight':
      return computed(name, shape, async (signal) => {
        const weight = await source(recipe.conv).readF32(signal);
        const scale = await batchNormScale(source, recipe.norm, signal);
        const perOutput = weight.length / scale.length;
        return weight.map((value, i) => value * (scale[Math.floor(i / perOutput)] ?? 0));
      });
    case 'fold-bias':
      return computed(name, shape, async (signal) => {
        const scale = await batchNormScale(source, recipe.norm, signal);
        const beta = await source(`${recipe.norm}bias`).readF32(signal);
        const mean = await source(`${recipe.norm}running_mean`).readF32(signal);
        return beta.map((value, c) => value - (mean[c] ?? 0) * (scale[c] ?? 0));
      });
  }
}

function computed(
  name: string,
  shape: readonly number[],
  readF32: (signal?: AbortSignal) => Promise<Float32Array>,
): StoredTensor {
  const read = async (signal?: AbortSignal) => littleEndian(await readF32(signal));
  return { name, dtype: 'F32', shape, read, readF32 };
}

/** gamma / sqrt(var + eps) of each channel, in f64 so that folding rounds once. */
async function batchNormScale(
  source: (key: string) => StoredTensor,
  norm: string,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const gamma = await source(`${norm}weight`).readF32(signal);
  const variance = await source(`${norm}running_var`).readF32(signal);
  return Float64Array.from(gamma, (value, c) => value / Math.sqrt((variance[c] ?? 0) + BATCH_NORM_EPS));
}

/** 10000^(-i/count) for even positions: the reference's 1-D sine encoding over 2 x count channels. */
function sineFrequencies(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 1 / 10000 ** Math.fround(i / count));
}

export { littleEndian };
