import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { TuningStore } from '../../src/index.ts';
import { FileError, systemReason, UsageError } from '../errors.ts';
import { checkFile, makeFolder, writeAtomically } from './files.ts';

/** The options of every command that loads a model. */
export const TUNING_OPTIONS = {
  tuning: { type: 'string' },
  'no-tuning': { type: 'boolean' },
} as const;

/**
 * The store that the options name: a file in the user's cache folder unless they name another or none. One that is named
 * is asked for, and tunes software adapters, too.
 * @throws UsageError
 */
export function parseTuning(values: {
  readonly tuning?: string | undefined;
  readonly 'no-tuning'?: boolean | undefined;
}): TuningStore | undefined {
  const { tuning: path, 'no-tuning': off } = values;
  if (path !== undefined && off) throw new UsageError('--tuning names a file, --no-tuning none; give one');
  if (path === '') throw new UsageError('--tuning is empty, expected a file');
  if (off) return undefined;
  return path === undefined ? fileTuning(join(cacheFolder(), 'tuned.json')) : fileTuning(path, true);
}

const NAME = 'sam2rad-webgpu';

/** Where the system wants what a program can make again. */
export function cacheFolder(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), NAME);
  if (platform === 'darwin') return join(home, 'Library', 'Caches', NAME);
  // A relative one is to be ignored (XDG Base Directory Specification).
  const { XDG_CACHE_HOME: named = '' } = env;
  return join(isAbsolute(named) ? named : join(home, '.cache'), NAME);
}

/** Our files, of every version, are some kilobytes of JSON that begins like this; what is not ours is never written over. */
const BEGINNING = '{"device';
const MOST_BYTES = 2 ** 20;

/** Keeps what was tuned in a file, which is whole or not there; its folder is made when there is something to keep. */
export function fileTuning(path: string, software = false): TuningStore {
  const read = async (): Promise<string | null> => {
    const text = await contents(path);
    if (text === null || text === '' || text.startsWith(BEGINNING)) return text;
    throw new FileError(`${path} is no file of ours and is left as it is; name another with --tuning`);
  };
  return {
    software,
    read,
    write: async (text) => {
      await read();
      await makeFolder(dirname(path));
      await writeAtomically(path, (file) => file.writeFile(text));
    },
  };
}

async function contents(path: string): Promise<string | null> {
  try {
    const { size } = await checkFile(path);
    if (size > MOST_BYTES) return 'far too long';
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return null;
    throw new FileError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}
