import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadModel, type Model } from '../../src/index.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { main } from '../../weights-tools/main.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  /** Without the lines of progress, which slow machines print. */
  readonly err: string;
  readonly ms: number;
}

const PROGRESS = / (\d+ %|\.\.\.)\n$/;

/** Runs `sam2rad ...argv` in this process, as if in a log file: no terminal. */
export function sam2rad(...argv: string[]): Promise<Outcome> {
  return cancellable(new AbortController().signal, ...argv);
}

/** The same, with the signal that Ctrl-C aborts. */
export async function cancellable(signal: AbortSignal, ...argv: string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const start = performance.now();
  const code = await main(argv, {
    out: (text) => {
      out += `${text}\n`;
    },
    err: {
      write: (text) => {
        if (!PROGRESS.test(text)) err += text;
      },
    },
    signal,
    loadModel: sharedModel,
  });
  return { code, out, err, ms: performance.now() - start };
}

/** A folder that lives as long as the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sam2rad-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const namesIn = (folder: string): string[] => readdirSync(folder).sort();

let shared: Promise<Model> | undefined;

/** One demo model a test file, on a device of its own: on a CPU its kernels compile for seconds. */
async function sharedModel(source: Parameters<typeof loadModel>[0]): Promise<Model> {
  shared ??= loadModel(source, { gpu: createNodeGpu() });
  const model = await shared;
  const { config, adapter, classes, memory, warnings } = model;
  return {
    ...{ config, adapter, classes, memory, warnings },
    setImage: (picture, call) => model.setImage(picture, call),
    profile: () => model.profile(),
    dispose: () => {},
    [Symbol.dispose]: () => {},
  };
}
