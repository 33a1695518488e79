import { Sam2RadError } from '../src/errors.ts';

/** A command line that makes no sense: exit code 2, and nothing was done. */
export class UsageError extends Sam2RadError {
  override name = 'UsageError';
}

/** A file that cannot be read or written. */
export class FileError extends Sam2RadError {
  override name = 'FileError';
}

/** Of what is neither a file nor a folder. The system has no such code: it reads them without end. */
const NO_FILE = 'NO_FILE';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EISDIR: 'it is a folder; name a file',
  [NO_FILE]: 'it is a device or a pipe, which has no end that could be seen; name a file',
  ELOOP: 'its links lead to each other and to no file; check the path',
  ENAMETOOLONG: 'its name is longer than the file system takes; choose a shorter one',
  ENOTDIR: 'a part of the path is no folder; check the path',
  EEXIST: 'a file of that name is in the way; choose another path',
  EACCES: 'permission denied; choose another path or change its permissions',
  EPERM: 'permission denied; choose another path or change its permissions',
  EROFS: 'the file system is read-only; choose another path',
  ENOSPC: 'the disk is full; free some space or choose another path',
};

/** As the system would refuse what is no file, had it a word for it. */
export function notAFile(found: { isFile(): boolean; isDirectory(): boolean }): Error | undefined {
  if (found.isFile()) return undefined;
  const code = found.isDirectory() ? 'EISDIR' : NO_FILE;
  return Object.assign(new Error(code), { code });
}

/** What the system says of a file, in words and with what to do. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
