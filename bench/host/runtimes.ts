/** Where the bench measures, and how work gets there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { cpuMsOfProcess, openFile } from './process.ts';
import { addressOf, withPage } from './serve.ts';
import { type Work, type WorkName, workers } from './work.ts';

export const RUNTIMES = ['chromium', 'node', 'deno'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** What measures, as reports name it. */
export interface Measurer {
  /** The browser or engine, with its version. */
  readonly runtime: string;
  /** As far as it is known. */
  readonly driver: string;
}

/** Does a piece of work. A browser is a fresh one each time, so that what is measured cold is cold. */
export interface Runtime {
  about(): Promise<Measurer>;
  do<Name extends WorkName>(name: Name, given: Work[Name]['given']): Promise<Work[Name]['made']>;
  /** The address under which `do` finds a file. */
  address(file: string): string;
}

export type Say = (line: string) => void;

/** @param file of a model that is measured, which a page may fetch then */
export function runtimeOf(name: RuntimeName, say: Say, file?: string): Runtime {
  switch (name) {
    case 'chromium':
      return chromium(say, file);
    case 'node':
      return node(say);
    case 'deno':
      return deno();
  }
}

function chromium(say: Say, file: string | undefined): Runtime {
  return {
    about: () => withPage(async ({ version, driver }) => ({ runtime: version, driver }), { say }),
    address: addressOf,
    do: <Name extends WorkName>(name: Name, given: Work[Name]['given']) =>
      withPage(
        ({ page }) =>
          // The page has the same worker of this name; what it makes comes as JSON.
          page.evaluate((which, what) => window.bench.work(which, what), name, given) as Promise<
            Work[Name]['made']
          >,
        { say, file },
      ),
  };
}

function node(say: Say): Runtime {
  const host = { gpu: createNodeGpu(), cores: cpus().length, cpuMs: cpuMsOfProcess, say };
  return {
    about: async () => ({
      runtime: `Node ${process.version}`,
      driver: `Dawn of webgpu ${versionOf('webgpu')}`,
    }),
    address: (file) => file,
    do: (name, given) => workers[name](given, host, openFile),
  };
}

function deno(): Runtime {
  const script = fileURLToPath(new URL('deno.ts', import.meta.url));
  return {
    about: async () => ({
      runtime: `Deno ${versionOf('deno')}`,
      driver: `wgpu of Deno ${versionOf('deno')}`,
    }),
    address: (file) => file,
    async do<Name extends WorkName>(name: Name, given: Work[Name]['given']) {
      const folder = mkdtempSync(join(tmpdir(), 'sam2rad-bench-'));
      try {
        const file = join(folder, 'given.json');
        writeFileSync(file, JSON.stringify({ given, cores: cpus().length }));
        // The script prints what the worker of this name made.
        return (await runDeno(script, [name, resolve(file)])) as Work[Name]['made'];
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

/** Of an installed package. */
function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return version;
}
