import { unzipSync, Zip, ZipPassThrough } from 'fflate';
import { WorkspaceError } from './error.ts';

/** What the format holds without its 64-bit extension. */
const MOST_WRITTEN = 4e9;
/** What a browser holds in one piece. */
const MOST_READ = 2e9;

/**
 * One file with all of these in it, by their paths. Nothing is packed: pictures are already, and weights do not.
 * @throws WorkspaceError where they are too large together
 */
export async function zipped(files: ReadonlyMap<string, Blob>): Promise<Blob> {
  const bytes = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_WRITTEN)
    throw new WorkspaceError(
      'the work is over 4 GB, more than a zip holds: download the models one by one, and delete some',
    );
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const pieces: Blob[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(chunk.slice());
  });
  for (const [path, file] of files) {
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    const reader = file.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      entry.push(next.value);
      pieces.push(new Blob(parts.splice(0)));
    }
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  return new Blob([...pieces, ...parts], { type: 'application/zip' });
}

/** A zip's files by path: each is unpacked when it is asked for. */
export interface OpenZip {
  readonly paths: readonly string[];
  /** @throws WorkspaceError where there is none, or it is damaged */
  read(path: string): Promise<Blob>;
}

/** @throws WorkspaceError that names the file */
export async function openZip(file: File): Promise<OpenZip> {
  const { name, size } = file;
  if (size > MOST_READ)
    throw new WorkspaceError(`${name} is over 2 GB: take the models out and open them by themselves`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const sizes = new Map<string, number>();
  try {
    unzipSync(bytes, {
      filter: ({ name: path, originalSize }) => {
        if (!path.endsWith('/')) sizes.set(path, originalSize);
        return false;
      },
    });
  } catch (error) {
    throw new WorkspaceError(`${name} is no zip, or it is damaged`, { cause: error });
  }
  return {
    paths: [...sizes.keys()].sort(),
    async read(path) {
      const declared = sizes.get(path);
      if (declared === undefined) throw new WorkspaceError(`${name} has no ${path}`);
      if (declared > MOST_READ) throw new WorkspaceError(`${path} in ${name} is over 2 GB`);
      try {
        const data = unzipSync(bytes, { filter: (entry) => entry.name === path })[path];
        if (data) return new Blob([data.slice()]);
      } catch (error) {
        throw new WorkspaceError(`${path} in ${name} is damaged`, { cause: error });
      }
      throw new WorkspaceError(`${path} in ${name} is damaged`);
    },
  };
}
