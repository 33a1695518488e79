import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { AdapterSummary, TunedKernels } from '../../src/index.ts';
import { DatasetError } from '../../src/tasks/masks/error.ts';
import type { Case } from '../dataset/dataset.ts';
import { packageVersion } from '../node/package.ts';
import { DEFAULTS, type TrainChoices } from './request.ts';

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
  readonly software: { readonly 'sam2rad-webgpu': string; readonly node: string };
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
}

/** A record before the GPU is known. */
export type PlannedRun = Omit<RunRecord, 'adapter' | 'tuned'>;

/** Names of the metadata that the command adds to models and checkpoints. */
export const RECORD_KEY = 'run';
export const CURVES_KEY = 'curves';

export function makeRecord(
  parts: Pick<RunRecord, 'choices' | 'classNames' | 'base'> & {
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
    software: { 'sam2rad-webgpu': packageVersion(), node: process.version },
    ...parts,
    base: { ...parts.base, file: basename(parts.base.file) },
    training: recorded(parts.training),
    validation: recorded(parts.validation),
  };
}

/**
 * The record in a checkpoint's metadata.
 * @throws DatasetError where there is none that we know
 */
export function readRecord(file: string, metadata: Readonly<Record<string, string>>): RunRecord {
  const wrong = (why: string) =>
    new DatasetError(`${file} ${why}; --resume needs a .checkpoint.safetensors of sam2rad train`);
  const text = metadata[RECORD_KEY];
  if (text === undefined) throw wrong('holds no record of a run');
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw wrong('holds a damaged record of a run');
  }
  if (!isRecord(record)) throw wrong('holds the record of another version');
  return record;
}

/** Enough to compare it with another, part by part; the rest is only shown. */
function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false;
  const has = (key: string) => key in value;
  const isOurs =
    'format' in value && value.format === 'sam2rad-run' && 'version' in value && value.version === 1;
  const hasChoices = 'choices' in value && typeof value.choices === 'object' && value.choices !== null;
  return isOurs && hasChoices && ['classNames', 'base', 'training', 'validation'].every(has);
}

/**
 * The choices of a run: the defaults, over them those of the run that goes on, over them the command line's.
 * @throws DatasetError where the command line says otherwise than the run that goes on
 */
export function resolveChoices(given: Partial<TrainChoices>, resumed: RunRecord | undefined): TrainChoices {
  const choices = { ...DEFAULTS, ...resumed?.choices, ...given };
  if (!resumed) return choices;
  for (const [key, value] of Object.entries(resumed.choices)) {
    const now = Object.entries(choices).find(([name]) => name === key)?.[1];
    if (JSON.stringify(now) !== JSON.stringify(value))
      throw new DatasetError(
        `the run that --resume names has ${key} ${JSON.stringify(value)}, now ${JSON.stringify(now)} was given; leave it out to go on, or start anew without --resume`,
      );
  }
  return choices;
}

/** @throws DatasetError where data or base are not those of the run that goes on: it could not go on bit for bit */
export function checkSameRun(resumed: RunRecord, now: PlannedRun): void {
  const parts = ['training', 'validation', 'classNames'] as const;
  for (const part of parts)
    if (JSON.stringify(resumed[part]) !== JSON.stringify(now[part]))
      throw new DatasetError(
        `the ${part === 'classNames' ? 'classes are' : `${part} pictures or masks are`} not those of the run that --resume names; bring them back, or start anew without --resume`,
      );
  if (resumed.base.sha256 !== now.base.sha256)
    throw new DatasetError(
      `${now.base.file} is not the base of the run that --resume names (${resumed.base.file}, SHA-256 ${resumed.base.sha256})`,
    );
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
