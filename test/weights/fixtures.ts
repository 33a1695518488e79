import { createHash } from 'node:crypto';
import { openAsBlob, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../fixtures/', import.meta.url));

export const fixturePath = (path: string) => `${root}${path}`;
/** A picture of the phantoms' test halves, such as `wrist/000`, or its mask of class numbers. */
export const phantomPath = (name: string, part: 'imgs' | 'gts' = 'imgs') =>
  fileURLToPath(new URL(`../../phantoms/${name.replace('/', `/Test/${part}/`)}.png`, import.meta.url));
export const fixtureNames = (folder: string) => readdirSync(fixturePath(folder)).sort();
export const fixtureBytes = (path: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(fixturePath(path)));
export const fixtureBlob = (path: string): Promise<Blob> => openAsBlob(fixturePath(path));
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Parsed JSON of a fixture; the caller says what it knows the file to hold. */
export function fixtureJson<T>(path: string): T {
  return JSON.parse(readFileSync(fixturePath(path), 'utf8')) as T;
}

/** Milliseconds of CPU that this process has used: unlike the clock, it does not count what others run beside it. */
export function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
