import { CheckpointError, kindOf } from '../errors.ts';
import type { WeightStorage } from '../gpu/kernel.ts';
import { type Candidate, type Canonical, canonicalise, compare, type Mismatch } from './canonical.ts';
import type { ModelConfig } from './config.ts';
import type { CanonicalTensor, ModelDescription } from './description.ts';
import { elementCount } from './dtypes.ts';
import { findRoot } from './keys.ts';
import { checkMetadata, readMetadata, type StoredConfig } from './metadata.ts';
import { mixture } from './mixed.ts';
import { expectedTensors, type Parts, readParts } from './parts.ts';
import { channelsOf } from './quantise.ts';
import type { DType, TensorInfo } from './types.ts';

export interface DetectOptions {
  /** Side of the model's square input in pixels, a multiple of 64 in 256..2048; the file's own by default. */
  readonly imageSize?: number | undefined;
  /** How pictures are brought to the square; the file's own, or its family's, unless given. */
  readonly preprocess?: ModelConfig['preprocess'] | undefined;
  /** A safetensors file's metadata: our converter leaves there what the tensors cannot tell. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What messages call the file. */
  readonly name?: string | undefined;
}

const KNOWN =
  'Known are Meta SAM2 and SAM2.1 (tiny, small, base+, large), Meta SAM and MedSAM (ViT-B, -L, -H), MobileSAM, Sam2Rad over any of them, and files of our converter.';
const INVERSE_FREQUENCIES = 'prompt_predictor.pos_encoding1d.inv_freq';

/**
 * Finds out which model a checkpoint holds, from the names and shapes of its tensors alone, and how each of
 * our canonical tensors is made from them.
 * @throws CheckpointError when no known model fits: one error with what is missing, extra and of wrong shape
 */
export function detectModel(
  tensors: ReadonlyMap<string, TensorInfo>,
  options: DetectOptions = {},
): ModelDescription {
  const file = options.name ?? 'checkpoint';
  const root = findRoot(tensors.keys());
  if (!root) throw new CheckpointError(`${file} holds no image encoder. ${strangers(tensors)} ${KNOWN}`);
  if (root.rival !== undefined)
    throw new CheckpointError(
      `${file} holds two models, ${root.prefix}image_encoder.* and ${root.rival}image_encoder.*. Save one alone.`,
    );
  const canonical = canonicalise(tensors, root);
  const { candidates, dropped } = canonical;
  const parts = readParts(candidates);
  if (!parts) {
    throw new CheckpointError(
      `${file} holds an image encoder that we do not know. ${strangers(tensors)} ${KNOWN}`,
    );
  }
  if (parts.ppn && !candidates.has(INVERSE_FREQUENCIES)) {
    const recipe = { kind: 'sine-frequencies' } as const;
    candidates.set(INVERSE_FREQUENCIES, { dtype: 'F32', shape: [128], recipe, key: INVERSE_FREQUENCIES });
  }
  const layout = layoutOf(tensors, root.prefix);
  // Ours are also the files that `referenceCheckpoint` writes.
  const mayBeOurs = layout === 'canonical' || layout === 'sam2rad';
  const stored = mayBeOurs ? readMetadata(file, options.metadata) : {};
  const config = completeConfig(file, parts, canonical, stored, options);
  const expected = expectedTensors(parts, candidates);
  const mismatch = compare(candidates, expected);
  if (mismatch.missing.length + mismatch.extra.length + mismatch.wrong.length > 0) {
    const hint = mixture(candidates, parts);
    throw new CheckpointError(mismatchMessage(file, titleOf(config), expected.size, mismatch, hint));
  }
  const found = new Map<string, CanonicalTensor>();
  const types = new Set<DType>();
  let parameters = 0;
  for (const [name, shape] of expected) {
    const candidate: Candidate | undefined = candidates.get(name);
    if (!candidate) continue; // Not reached: `compare` would have reported it.
    found.set(name, { name, shape, recipe: candidate.recipe });
    if (channelsOf(name, shape)) types.add(candidate.dtype);
    parameters += elementCount(shape) ?? 0;
  }
  const storage = storageOf(types);
  checkMetadata(file, stored, config, storage);
  return {
    title: titleOf(config),
    layout,
    config,
    tensors: found,
    dropped,
    storage,
    parameters,
  };
}

/** In which storage matrices of these types lose nothing. */
function storageOf(types: ReadonlySet<DType>): WeightStorage {
  if (types.has('I8')) return 'q8';
  return types.size === 1 && types.has('F16') ? 'f16' : 'f32';
}

function layoutOf(tensors: ReadonlyMap<string, TensorInfo>, prefix: string): ModelDescription['layout'] {
  const has = (part: string) => [...tensors.keys()].some((key) => key.startsWith(prefix + part));
  if (has('prompt_sampler.')) return 'sam2rad';
  if (has('sam_mask_decoder.') || has('sam_prompt_encoder.')) return 'meta-sam2';
  const isSam = has('mask_decoder.transformer.layers.0.mlp.lin1.');
  return isSam ? 'meta-sam' : 'canonical';
}

/** Adds what the tensors cannot tell: from the caller, else from our metadata, else the family's default. */
function completeConfig(
  file: string,
  parts: Parts,
  canonical: Canonical,
  stored: StoredConfig,
  options: DetectOptions,
): ModelConfig {
  const imageSize = options.imageSize ?? stored.imageSize ?? parts.imageSize;
  if (!Number.isInteger(imageSize) || imageSize % 64 !== 0 || imageSize < 256 || imageSize > 2048) {
    throw new CheckpointError(
      `${file}: image size ${typeof imageSize === 'number' ? imageSize : kindOf(imageSize)} was asked for, expected a multiple of 64 in 256..2048. Give imageSize, 1024 for published checkpoints.`,
    );
  }
  const usual = parts.ppn ? 'sam2rad' : parts.family === 'sam2' ? 'sam2' : 'sam';
  const isNewer = canonical.dropped.some((key) => key.endsWith('no_obj_embed_spatial'));
  const version = isNewer ? 'sam2.1' : (stored.version ?? 'sam2');
  const { family, size, encoder, decoder, ...rest } = parts;
  return {
    family,
    size,
    ...(family === 'sam2' && { version }),
    ...rest,
    imageSize,
    ...(stored.classNames && { classNames: stored.classNames }),
    preprocess: options.preprocess ?? stored.preprocess ?? usual,
    encoder,
    decoder,
  };
}

/** "Sam2Rad on SAM2.1 Hiera tiny". */
function titleOf(config: ModelConfig): string {
  const { family, size } = config;
  const names = {
    sam2: `SAM${config.version === 'sam2.1' ? '2.1' : '2'} Hiera ${size}`,
    mobile_sam: 'MobileSAM',
  };
  const base = family === 'sam' ? `SAM ViT-${size.slice(-1).toUpperCase()}` : names[family];
  const extras = [config.adapters && 'adapters', config.lora && `LoRA ${config.lora.rank}`].filter(Boolean);
  const suffix = extras.length > 0 ? ` (${extras.join(', ')})` : '';
  return `${config.ppn ? `Sam2Rad on ${base}` : base}${suffix}`;
}

function listed(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const rest = items.length - 5;
  return ` ${what} (${items.length}): ${items.slice(0, 5).join('; ')}${rest > 0 ? '; ...' : ''}.`;
}

function mismatchMessage(
  file: string,
  title: string,
  expected: number,
  mismatch: Mismatch,
  hint: string,
): string {
  return `${file} is nearest to ${title} (${expected} tensors), but does not fit it.${listed('Missing', mismatch.missing)}${listed('Extra', mismatch.extra)}${listed('Wrong', mismatch.wrong)}${hint} Give the whole, unchanged checkpoint.`;
}

/** What lies in a file that is no model of ours, with a hint where we know the kind. */
function strangers(tensors: ReadonlyMap<string, TensorInfo>): string {
  const keys = [...tensors.keys()];
  const shown = keys.slice(0, 3).map((key) => `"${key}"`);
  const isHub = keys.some((key) => /(?:^|\.)vision_encoder\./.test(key));
  const hint = isHub
    ? ' This looks like the Hugging Face layout; take the original checkpoint of the authors.'
    : '';
  return `It has ${keys.length} tensors${shown.length > 0 ? ` such as ${shown.join(', ')}` : ''}.${hint}`;
}
