import { CheckpointError } from '../errors.ts';
import { canonicalTensors } from './canonical-tensors.ts';
import type { ModelConfig } from './config.ts';
import { type ConvertProgress, describeCheckpoint } from './convert.ts';
import type { ModelDescription } from './description.ts';
import { FORMAT, VERSION } from './metadata.ts';
import { batchNormSources, foldedPart } from './reference-batchnorm.ts';
import { referenceKeys, unusedKey } from './reference-keys.ts';
import { referenceNotes } from './reference-notes.ts';
import { constantSource, storedSource } from './reference-sources.ts';
import { unusedReader, unusedTensors } from './reference-unused.ts';
import { fitted, referenceConfig } from './reference-vit.ts';
import type { Checkpoint } from './types.ts';
import { safetensorsBytes, type TensorSource, writeSafetensors } from './write-safetensors.ts';

export interface ReferenceOptions {
  /** Side of the model's input in pixels, a multiple of 64 in 256..2048; the checkpoint's own by default. */
  readonly imageSize?: number;
  /**
   * Where tensors are taken from that the checkpoint lacks because still images do not need them, such as video
   * memory: the original that the model was made from, in Meta's layout or the reference's.
   */
  readonly base?: Checkpoint;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

/** A file in the reference's layout, before any value is read. */
export interface ReferencePlan {
  readonly tensors: readonly TensorSource[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What a person should know of the file, a sentence each; also in `metadata.notes`. */
  readonly notes: readonly string[];
}

/**
 * Lays a Sam2Rad model out as the reference's Lightning `state_dict`.
 * @param description what `describeCheckpoint` says of the checkpoint
 * @throws CheckpointError for a model without a prompt predictor, or with a dataset that PyTorch cannot name
 */
export function planReference(
  checkpoint: Checkpoint,
  description: ModelDescription,
  base?: Checkpoint,
): ReferencePlan {
  const config = referenceConfig(description.config);
  checkNames(checkpoint.name, description, config);
  const canonical = canonicalTensors(checkpoint, description);
  const tensors: TensorSource[] = [];
  let unfolded = 0;
  for (const [name, tensor] of canonical) {
    const folded = config.encoder.kind === 'tinyvit' ? foldedPart(name) : undefined;
    if (!folded) {
      const source = fitted(tensor, description.config);
      for (const key of referenceKeys(name, config)) tensors.push(storedSource(checkpoint.name, key, source));
      continue;
    }
    const bias = canonical.get(`${folded.conv}.bias`);
    const recipe = description.tensors.get(name)?.recipe;
    // Written with its weight.
    if (folded.part === 'bias' || !bias || !recipe) continue;
    if (recipe.kind !== 'fold-weight') unfolded += 1;
    for (const key of referenceKeys(folded.conv, config))
      tensors.push(...batchNormSources(checkpoint, key, { weight: tensor, bias, recipe }));
  }
  const readers = [checkpoint, ...(base ? [base] : [])].map((from) => ({ from, find: unusedReader(from) }));
  const zeros: string[] = [];
  for (const [name, shape] of unusedTensors(config)) {
    const key = unusedKey(name);
    const found = readers.flatMap(({ from, find }) => {
      const tensor = find(name, shape);
      return tensor ? [storedSource(from.name, key, tensor)] : [];
    })[0];
    if (!found) zeros.push(name);
    tensors.push(found ?? constantSource(key, shape, 0));
  }
  const notes = referenceNotes(config, zeros, unfolded);
  return { tensors, notes, metadata: metadataOf(checkpoint, config, notes) };
}

/**
 * Converts a Sam2Rad model of any known layout to a safetensors file with the keys and shapes of the reference's
 * Lightning `state_dict`, all in f32 but for BatchNorm's I64 counters: PyTorch loads it with `strict=True`. The shared
 * prompt encoder is written twice. What we have is copied bit for bit where the checkpoint has it as f32.
 *
 * What still images do not need, and a canonical file no longer has (SAM2's video memory; the ImageNet classifier of
 * MobileSAM's encoder), is copied from the checkpoint or from `options.base` where they have it in the right shape, and
 * is **zeros** otherwise: still images come out the same, tracking in videos does not. MobileSAM's BatchNorms are
 * copied where the checkpoint has them, else undone as `batchNormSources` says. The metadata's `notes` say which.
 *
 * Read again, the file gives the same configuration and canonical tensors. One tensor is in memory at a time.
 * @throws CheckpointError as `describeCheckpoint` and `planReference` do before the first chunk; while writing, for a
 * value that is not finite. The signal's reason when cancelled.
 */
export async function* referenceCheckpoint(
  checkpoint: Checkpoint,
  options: ReferenceOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { base, signal, onProgress } = options;
  const description = describeCheckpoint(checkpoint, options.imageSize);
  const { tensors, metadata } = planReference(checkpoint, description, base);
  const total = safetensorsBytes(tensors, metadata);
  let bytes = 0;
  for await (const chunk of writeSafetensors(tensors, metadata, signal)) {
    bytes += chunk.byteLength;
    yield chunk;
    onProgress?.({ bytes, total });
  }
}

function checkNames(file: string, { title }: ModelDescription, { ppn, datasets }: ModelConfig): void {
  if (!ppn)
    throw new CheckpointError(
      `${file} is ${title}, which has no prompt predictor; the reference's layout holds a trained Sam2Rad. Train one, or leave the layout canonical.`,
    );
  const dotted = datasets.find(({ name }) => name.includes('.') || name === '');
  if (dotted)
    throw new CheckpointError(
      `${file} has learned queries named "${dotted.name}", which PyTorch cannot name a parameter; expected a name without a dot. Keep the layout canonical.`,
    );
}

/** The source's metadata, such as the record of a training run, under what this file is. */
function metadataOf(
  checkpoint: Checkpoint,
  config: ModelConfig,
  notes: readonly string[],
): Record<string, string> {
  const { metadata, name } = checkpoint;
  const isOurs = metadata['format'] === FORMAT;
  // The values are f32 here, whatever they were.
  const kept = Object.entries(metadata).filter(([key]) => key !== 'storage' && key !== 'notes');
  return {
    ...Object.fromEntries(kept),
    format: FORMAT,
    version: VERSION,
    layout: 'reference',
    config: JSON.stringify(config),
    source: (isOurs && metadata['source']) || name,
    ...(notes.length > 0 && { notes: notes.join(' ') }),
  };
}
