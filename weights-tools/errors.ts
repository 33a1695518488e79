import { Sam2RadError } from '../src/errors.ts';

/** A command line that makes no sense: exit code 2, and nothing was done. */
export class UsageError extends Sam2RadError {
  override name = 'UsageError';
}

/** A file that cannot be read or written. */
export class FileError extends Sam2RadError {
  override name = 'FileError';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EISDIR: 'it is a folder; name a file',
  ENOTDIR: 'a part of the path is no folder; check the path',
  EEXIST: 'a file of that name is in the way; choose another path',
  EACCES: 'permission denied; choose another path or change its permissions',
  EPERM: 'permission denied; choose another path or change its permissions',
  EROFS: 'the file system is read-only; choose another path',
  ENOSPC: 'the disk is full; free some space or choose another path',
};

/** What the system says of a file, in words and with what to do. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
