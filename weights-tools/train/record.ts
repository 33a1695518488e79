import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { AdapterSummary, TunedKernels } from '../../src/index.ts';
import type { TrainingMemory } from '../../src/tasks/train/memory.ts';
import type { Case } from '../dataset/dataset.ts';
import { packageVersion } from '../node/package.ts';
import type { TrainChoices } from './request.ts';

/** A case as a record knows it: enough to say whether it is the same, nothing of where it lay. */
export interface RecordedCase {
  readonly name: string;
  readonly group: string;
  readonly image: string;
  readonly truth: string;
}

/** What made a model: in its metadata, and beside it as JSON. Holds no time, so that equal runs are equal, and no path but that of --val. */
export interface RunRecord {
  readonly format: 'sam2rad-run';
  readonly version: 1;
  /** Versions of ours, of the runtime and of the packages that compute and read pictures. */
  readonly software: Readonly<Record<string, string>>;
  readonly choices: TrainChoices;
  /** In order of the class numbers. */
  readonly classNames: readonly string[];
  readonly base: { readonly file: string; readonly title: string; readonly sha256: string };
  /** Hashes of pictures and masks are SHA-256 of the files. */
  readonly training: readonly RecordedCase[];
  /** Empty where Dice is measured on the training pictures. */
  readonly validation: readonly RecordedCase[];
  readonly adapter: AdapterSummary;
  /** Which kernels computed, where they were not the defaults: others round otherwise. */
  readonly tuned: TunedKernels;
  /** Bytes on the GPU, as planned. */
  readonly memory: TrainingMemory;
}

/** A record before the GPU is known. */
export type PlannedRun = Omit<RunRecord, 'adapter' | 'tuned' | 'memory'>;

/** Names of the metadata that the command adds to models and checkpoints. */
export const RECORD_KEY = 'run';
export const CURVES_KEY = 'curves';

export function makeRecord(
  parts: Pick<RunRecord, 'choices' | 'classNames' | 'base' | 'software'> & {
    readonly training: readonly Case[];
    readonly validation: readonly Case[];
  },
): PlannedRun {
  const recorded = (cases: readonly Case[]) =>
    cases.map(({ name, group, imageSha256, truthSha256 }) => ({
      ...{ name, group, image: imageSha256, truth: truthSha256 },
    }));
  return {
    format: 'sam2rad-run',
    version: 1,
    ...parts,
    software: { 'sam2rad-webgpu': packageVersion(), ...parts.software },
    base: { ...parts.base, file: basename(parts.base.file) },
    training: recorded(parts.training),
    validation: recorded(parts.validation),
  };
}

/** SHA-256 of a file, piece by piece. */
export async function sha256Of(file: Blob, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const reader = file.stream().getReader();
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) return hash.digest('hex');
    hash.update(value);
  }
}
