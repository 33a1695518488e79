import { BATCH_NORM_EPS } from './canonical-tensors.ts';
import type { Recipe } from './description.ts';
import { constantSource, storedSource } from './reference-sources.ts';
import type { Checkpoint, StoredTensor } from './types.ts';
import type { TensorSource } from './write-safetensors.ts';

/** Canonical names of MobileSAM's convolutions that had a BatchNorm before it was folded. */
const FOLDED = /^(image_encoder\..*(?:\.seq\.\d|\.conv\d|\.local_conv))\.(weight|bias)$/;

/** The convolution to whose group `name` belongs, and which part of it; undefined for a tensor without a BatchNorm. */
export function foldedPart(name: string): { readonly conv: string; readonly part: string } | undefined {
  const [, conv, part] = FOLDED.exec(name) ?? [];
  return conv === undefined || part === undefined ? undefined : { conv, part };
}

interface Folded {
  readonly weight: StoredTensor;
  readonly bias: StoredTensor;
  /** How `weight` is made. */
  readonly recipe: Recipe;
}

/**
 * A convolution and its BatchNorm under `<key>.c.weight` and `<key>.bn.*`: the file's own where it still has them. Else
 * the folded weight with a BatchNorm that adds the folded bias: mean 0, weight 1 and variance f32(1 - eps), with which
 * 1 / sqrt(variance + eps) is 1 to within 7e-9. That rounds to 1 in f32, and folding again gives the same bits.
 */
export function batchNormSources(checkpoint: Checkpoint, key: string, folded: Folded): TensorSource[] {
  const { name: file, tensors } = checkpoint;
  const { recipe, weight, bias } = folded;
  const own = recipe.kind === 'fold-weight' ? recipe : undefined;
  const channels = bias.shape;
  const norm = (part: string, fallback: (name: string) => TensorSource) => {
    const name = `${key}.bn.${part}`;
    const stored = own && tensors.get(`${own.norm}${part}`);
    return stored ? storedSource(file, name, stored) : fallback(name);
  };
  return [
    storedSource(file, `${key}.c.weight`, (own && tensors.get(own.conv)) ?? weight),
    norm('weight', (name) => constantSource(name, channels, 1)),
    norm('bias', (name) => storedSource(file, name, bias)),
    norm('running_mean', (name) => constantSource(name, channels, 0)),
    norm('running_var', (name) => constantSource(name, channels, 1 - BATCH_NORM_EPS)),
    counter(`${key}.bn.num_batches_tracked`, own && tensors.get(`${own.norm}num_batches_tracked`)),
  ];
}

/** BatchNorm's count of steps, which its default momentum does not read. */
function counter(name: string, stored: StoredTensor | undefined): TensorSource {
  const own = stored?.dtype === 'I64' && stored.shape.length === 0 ? stored : undefined;
  const bytes = async (signal?: AbortSignal) => (own ? own.read(signal) : new Uint8Array(8));
  return { name, dtype: 'I64', shape: [], bytes };
}
