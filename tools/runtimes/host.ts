import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';

/** What the search for browsers and drivers reads of a machine; tests hand in an invented one. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly isRoot: boolean;
  isFile(path: string): boolean;
  realpath(path: string): string;
  /** The text of a small file, or '' where it is absent or too large to be a script. */
  text(path: string): string;
  /** The names in a directory, or [] where it is absent. */
  list(directory: string): readonly string[];
}

/** A launcher script is a few KiB; a browser's binary is never worth reading. */
const SCRIPT_BYTES = 64 * 1024;

/** `existsSync` first: it answers no where a part of the path is a file, over which `statSync` throws. */
const statOf = (path: string) => (existsSync(path) ? statSync(path) : undefined);

export const thisHost: Host = {
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  home: homedir(),
  isRoot: process.getuid?.() === 0,
  isFile: (path) => statOf(path)?.isFile() ?? false,
  realpath: (path) => realpathSync(path),
  text: (path) => ((statOf(path)?.size ?? Infinity) <= SCRIPT_BYTES ? readFileSync(path, 'utf8') : ''),
  list: (directory) => (statOf(directory)?.isDirectory() ? readdirSync(directory) : []),
};
