import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type LoadOptions, loadModel, type Model } from '../../src/index.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { main } from '../../weights-tools/main.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  /** Without the lines of progress, which slow machines print. */
  readonly err: string;
  /** Time of the processor, which a busy machine does not stretch. */
  readonly cpuMs: number;
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
  const elapsed = cpuTimer();
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
  return { code, out, err, cpuMs: elapsed() };
}

/** Milliseconds of this process on all cores since the call. */
export function cpuTimer(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}

/** A folder that lives as long as the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sam2rad-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const namesIn = (folder: string): string[] => readdirSync(folder).sort();

const shared = new Map<string, Promise<Model>>();

/** Each model once a test file, on a device of its own: on a CPU its kernels compile for seconds. */
async function sharedModel(
  source: Parameters<typeof loadModel>[0],
  options: LoadOptions = {},
): Promise<Model> {
  const { storage: asked, compute: precision, imageSize, memoryLimit } = options;
  const wanted = {
    ...(asked && { storage: asked }),
    ...(precision && { compute: precision }),
    ...(imageSize && { imageSize }),
    ...(memoryLimit && { memoryLimit }),
  };
  const name = `${source instanceof File ? source.name : source} ${JSON.stringify(wanted)}`;
  const loading = shared.get(name) ?? loadModel(source, { gpu: createNodeGpu(), ...wanted });
  shared.set(name, loading);
  const model = await loading;
  const { config, adapter, classes, storage, compute, tuned, memory, warnings, lost } = model;
  return {
    ...{ config, adapter, classes, storage, compute, tuned, memory, warnings, lost },
    setImage: (picture, call) => model.setImage(picture, call),
    profile: () => model.profile(),
    dispose: () => {},
    [Symbol.dispose]: () => {},
  };
}
