import { CheckpointError, kindOf, notLoaded } from '../errors.ts';
import { type NamedBlob, readRange } from './blob.ts';
import { openSafetensors } from './safetensors.ts';
import type { Checkpoint } from './types.ts';

export interface OpenOptions {
  /** What messages call the file; a File's own name, or "checkpoint". */
  readonly name?: string;
  /** Which argument the file was, where it turns out to be none; "openCheckpoint" unless given. */
  readonly argument?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a safetensors file or a torch checkpoint (zip or legacy stream), told apart by their first bytes.
 * Reads the directory only: values are read when a tensor is. Nothing in the file is executed.
 * @param blob a File in a page, `fs.openAsBlob(path)` in Node
 * @throws CheckpointError that names the file, the entry and the reason, or says what was got in place of a Blob; the
 * signal's reason when cancelled
 */
export async function openCheckpoint(blob: Blob, options: OpenOptions = {}): Promise<Checkpoint> {
  const { signal, argument = 'openCheckpoint' } = options;
  if (!(blob instanceof Blob))
    throw new CheckpointError(
      `${argument} got ${kindOf(blob)}, expected a File or a Blob: new Blob([bytes]), or openAsBlob(path) of node:fs`,
    );
  const file: NamedBlob = { blob, name: options.name ?? nameOf(blob) };
  const head = await readRange(file, 0, Math.min(blob.size, 512), signal);
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);

  // A header length below 2^32, then "{". First, because the length's bytes can look like anything else.
  if (head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0))
    return openSafetensors(file, signal);
  const late = await torch(file);
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06))
    return late.openTorchZip(file, signal);
  late.refuseStrangers(file, head);
  if (head[0] === 0x80 && (head[1] ?? 255) <= 5) return late.openTorchLegacy(file, signal);
  // A damaged safetensors file is known by its ending alone.
  if (/\.safetensors$/i.test(file.name) && blob.size >= 8) return openSafetensors(file, signal);
  throw late.unknownFile(file, head);
}

/** What reads torch's files, and says what else a file may be: a page with a converted model does not carry it. */
async function torch({ name }: NamedBlob): Promise<typeof import('./torch.ts')> {
  try {
    return await import('./torch.ts');
  } catch (cause) {
    throw notLoaded(`files such as ${name}`, cause);
  }
}

const nameOf = (blob: Blob) => ('name' in blob && typeof blob.name === 'string' ? blob.name : 'checkpoint');
