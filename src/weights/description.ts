import type { WeightStorage } from '../gpu/kernel.ts';
import type { ModelConfig } from './config.ts';

/** How a canonical tensor is made from the tensors of a file. */
export type Recipe =
  | { readonly kind: 'copy'; readonly from: string }
  /** Conv weight [out, in, h, w] x gamma / sqrt(var + eps), per output channel. `norm` is a key prefix. */
  | { readonly kind: 'fold-weight'; readonly conv: string; readonly norm: string }
  /** beta - mean x gamma / sqrt(var + eps). */
  | { readonly kind: 'fold-bias'; readonly norm: string }
  /** I8 x the factor of its output channel, F32. */
  | { readonly kind: 'scaled'; readonly from: string; readonly scale: string }
  /** 10000^(-2i/256), i = 0..127: what the reference computes where its buffer was not saved. */
  | { readonly kind: 'sine-frequencies' };

export interface CanonicalTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly recipe: Recipe;
}

/** What a checkpoint is, and how its tensors become ours. */
export interface ModelDescription {
  /** For a person: "SAM2.1 Hiera tiny". */
  readonly title: string;
  readonly layout: 'meta-sam2' | 'meta-sam' | 'sam2rad' | 'canonical';
  readonly config: ModelConfig;
  /** By canonical name, in canonical order. */
  readonly tensors: ReadonlyMap<string, CanonicalTensor>;
  /** Keys of the file that still images do not need (video memory, classifier heads). */
  readonly dropped: readonly string[];
  /** How the file keeps its matrices: what they lose nothing in. */
  readonly storage: WeightStorage;
  /** Number of values in `tensors`. */
  readonly parameters: number;
}
