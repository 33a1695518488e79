import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Measured {
  readonly out: string;
  readonly seconds: number;
  /** The most memory that the process had resident. */
  readonly peakBytes: number;
}

/**
 * Runs a script of the project in a process of its own.
 * @param script its path from the project's root
 * @throws Error with what it said, where it fails
 */
export async function runMeasured(script: string, argv: readonly string[]): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'sam2rad-rss-'));
  const file = join(folder, 'rss');
  const start = performance.now();
  const hooks = ['--import', 'tsx', '--import', join(root, 'tools/peak-rss.ts')];
  const child = spawn(process.execPath, [...hooks, join(root, script), ...argv], {
    env: { ...process.env, PEAK_RSS_FILE: file },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const seconds = (performance.now() - start) / 1000;
  try {
    if (code !== 0) throw new Error(`${script} ${argv.join(' ')} ended with ${code}: ${err.trim()}`);
    return { out, seconds, peakBytes: Number(readFileSync(file, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
