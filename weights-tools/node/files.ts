import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileError, notAFile, systemReason } from '../errors.ts';
import { DiskFile, type FileState } from './disk-file.ts';

/** @throws the system's error, or one like it for a folder, a device or a pipe, before it is opened: that may wait without end */
export async function checkFile(path: string): Promise<FileState> {
  const found = await stat(path);
  const error = notAFile(found);
  if (error) throw error;
  return found;
}

/**
 * A file as a lazy Blob of any size with its name: slices are read when they are asked for.
 * @throws FileError when there is no such file, or none that may be read
 */
export async function openFile(path: string): Promise<File> {
  try {
    const state = await checkFile(path);
    // Opened once for nothing, so that one that may not be read is refused by its reason.
    await (await open(path)).close();
    return new DiskFile(path, basename(path), state);
  } catch (error) {
    throw new FileError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** Unfinished files of this process, removed whichever way it ends. */
const unfinished = new Set<string>();
let isWatching = false;

/**
 * Writes a file that is either whole or not there: `write` gets a temporary file in the same folder, which
 * takes the name `path` at the end and is removed on any error, Ctrl-C included. `durable`: what was there before is
 * replaced only when the new bytes are on the disk, so that a power cut leaves one or the other.
 * @throws FileError where the system refuses; whatever `write` throws
 */
export async function writeAtomically(
  path: string,
  write: (file: FileHandle) => Promise<unknown>,
  options: { readonly durable?: boolean } = {},
): Promise<void> {
  watchExit();
  // Not after the file: a name may be as long as the system takes.
  const temporary = join(dirname(path), `.sam2rad-${randomBytes(8).toString('hex')}.tmp`);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx');
    unfinished.add(temporary);
    await write(file);
    if (options.durable) await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
    unfinished.delete(temporary);
    if (options.durable) await syncFolder(dirname(path));
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    await file?.close();
    if (unfinished.delete(temporary)) await rm(temporary, { force: true });
  }
}

/** A new name is on the disk when its folder is; Windows has no such thing, nor have some network disks. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** @throws FileError */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw asFileError(path, error, 'remove');
  }
}

/** Makes a folder and those above it. @throws FileError */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    throw asFileError(path, error);
  }
}

/** Step by step: Node's own `recursive` never ends where a folder is there that takes none, such as /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    const above = dirname(path);
    const isAlone = !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    if (isAlone || above === path) throw error;
    await makeFolders(above);
    await mkdir(path);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * For what is written after long work: a folder in its place is refused before.
 * @throws FileError
 */
export async function refuseFolder(path: string): Promise<void> {
  if (await isFolder(path))
    throw asFileError(path, Object.assign(new Error('EISDIR'), { code: 'EISDIR', syscall: 'rename' }));
}

/** What the system refused becomes a FileError, anything else stays as it is. */
function asFileError(path: string, error: unknown, what = 'write'): unknown {
  const isSystem = error instanceof Error && 'syscall' in error;
  return isSystem ? new FileError(`cannot ${what} ${path}: ${systemReason(error)}`, { cause: error }) : error;
}

function watchExit(): void {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const path of unfinished) rmSync(path, { force: true });
  });
}

/** Writes chunk after chunk; the producer waits for the disk. */
export async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await writeAll(file, chunk);
}

/** A write may take less than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at);
    at += bytesWritten;
  }
}
