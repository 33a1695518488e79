/** Small torch files by hand, for what torch.save would not write. */
import { utf8 } from '../../weights-tools/generate/byte-lists.ts';
import { ZipWriter } from '../../weights-tools/generate/zip-writer.ts';

export * from '../../weights-tools/generate/pickle-ops.ts';

/** A zip of stored files; `zip64` writes every size and offset in 64 bits. */
export function makeZip(
  files: Record<string, Uint8Array>,
  options: { zip64?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const zip = new ZipWriter(options);
  const parts = Object.entries(files).flatMap(([path, bytes]) => zip.add(path, bytes));
  return new Uint8Array(Buffer.concat([...parts, zip.end()]));
}

/** A torch zip of one pickle and its storages. */
export function makeTorchZip(
  data: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  options: { zip64?: boolean } = {},
): Blob {
  const files: Record<string, Uint8Array> = { 'archive/data.pkl': data, 'archive/version': utf8('3\n') };
  for (const [key, bytes] of Object.entries(storages)) files[`archive/data/${key}`] = bytes;
  return new Blob([makeZip(files, options)]);
}

export const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
