import { CheckpointError } from '../errors.ts';
import { LARGE } from './release.ts';

/** Bytes of one read of a blob. */
const SLICE = LARGE / 2;

/** A blob with the name that messages call it by. */
export interface NamedBlob {
  readonly blob: Blob;
  readonly name: string;
}

/**
 * Reads bytes `start` to `end` (exclusive).
 * @throws CheckpointError when the file is too short or the system cannot read it (a file that changed on
 * disk); the signal's reason when cancelled, before or after the read (a blob's read cannot be stopped).
 */
export async function readRange(
  file: NamedBlob,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  if (start < 0 || end < start || end > file.blob.size) {
    throw new CheckpointError(
      `${file.name}: bytes ${start} to ${end} are needed, but the file has ${file.blob.size}. It is truncated; download it again.`,
    );
  }
  // In slices, into memory of our own, which can be given back: what a blob's read returns cannot.
  if (end - start >= LARGE) {
    const whole = new Uint8Array(end - start);
    for (let at = start; at < end; at += SLICE)
      whole.set(await readRange(file, at, Math.min(at + SLICE, end), signal), at - start);
    return whole;
  }
  let buffer: ArrayBuffer;
  try {
    buffer = await file.blob.slice(start, end).arrayBuffer();
  } catch (cause) {
    throw new CheckpointError(
      `${file.name}: bytes ${start} to ${end} could not be read (${String(cause)}). If the file changed on disk, choose it again.`,
      { cause },
    );
  }
  signal?.throwIfAborted();
  if (buffer.byteLength !== end - start) {
    throw new CheckpointError(
      `${file.name}: ${end - start} bytes were asked for at ${start}, ${buffer.byteLength} came. If the file changed on disk, choose it again.`,
    );
  }
  return new Uint8Array(buffer);
}
