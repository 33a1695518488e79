import type { TrainSettings } from '../../../src/training.ts';
import type { LabelStatus } from '../state/labels.ts';
import { INITIAL_CHOICES, type TrainingChoices } from '../state/training.ts';
import type { KeptModel } from '../state/workspace.ts';
import { WorkspaceError } from './error.ts';
import { damageOf } from './index-check.ts';

/** The file that says what the others are; written after them, so that what it names is there. */
export const INDEX = 'workspace.json';

const FORMAT = 'sam2rad-workspace';

export interface KeptPicture {
  /** The picture's own, and the stem of its files. */
  readonly key: string;
  readonly name: string;
  /** Its bytes as they were opened. */
  readonly file: string;
  /** Whether it is one of the page's own, known by its name. */
  readonly sample: boolean;
  /** Whose class list its labels are of; earlier versions did not say. */
  readonly group?: string;
  readonly labels: { readonly file: string; readonly status: LabelStatus } | null;
}

/** A picture of a training, as it was when that began. */
export interface RunPicture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly picture: string;
  readonly labels: string;
}

/** A training that is not at its end: with the files named here it goes on bit for bit. */
export interface KeptRun {
  readonly base: { readonly file: string; readonly name: string };
  readonly datasetName: string;
  readonly classNames: readonly string[];
  readonly settings: TrainSettings;
  readonly training: readonly RunPicture[];
  readonly validation: readonly RunPicture[];
  readonly checkpoint: { readonly file: string; readonly step: number; readonly steps: number } | null;
}

export interface WorkspaceIndex {
  readonly format: typeof FORMAT;
  readonly version: 1;
  /** For the names of files: none has been used that is as high. */
  readonly serial: number;
  readonly pictures: readonly KeptPicture[];
  /** The key of the one on show, if it is one of them. */
  readonly open: string | null;
  /** Class names by group, in order of the class numbers. */
  readonly classes: Readonly<Record<string, readonly string[]>>;
  readonly models: readonly KeptModel[];
  /** The model in use, if it is one of them. */
  readonly inUse: string | null;
  readonly choices: TrainingChoices;
  readonly run: KeptRun | null;
  /** The log of the open training or of the last one: `Curves` as JSON. */
  readonly log: string | null;
}

export const EMPTY_INDEX: WorkspaceIndex = {
  format: FORMAT,
  version: 1,
  serial: 1,
  pictures: [],
  open: null,
  classes: {},
  models: [],
  inUse: null,
  choices: INITIAL_CHOICES,
  run: null,
  log: null,
};

/** Every file that the index names. */
export function filesOf({ pictures, models, run, log }: WorkspaceIndex): Set<string> {
  const ofRun = run
    ? [
        run.base.file,
        ...[...run.training, ...run.validation].flatMap(({ picture, labels }) => [picture, labels]),
        ...(run.checkpoint ? [run.checkpoint.file] : []),
      ]
    : [];
  return new Set([
    ...pictures.flatMap(({ file, labels }) => (labels ? [file, labels.file] : [file])),
    ...models.map(({ file }) => file),
    ...ofRun,
    ...(log === null ? [] : [log]),
  ]);
}

/** Files of pictures, models and a training that `last` had, and `now` has not at all. */
export function filesGivenUp(last: WorkspaceIndex, now: WorkspaceIndex): Set<string> {
  const keys = new Set(now.pictures.map(({ key }) => key));
  const models = new Set(now.models.map(({ file }) => file));
  const rest = filesOf({
    ...last,
    pictures: last.pictures.filter(({ key }) => keys.has(key)),
    models: last.models.filter(({ file }) => models.has(file)),
    run: now.run && last.run,
  });
  const needed = filesOf(now);
  return new Set([...filesOf(last)].filter((path) => !rest.has(path) && !needed.has(path)));
}

/** @throws WorkspaceError where the text is no index of ours, or says where it is damaged */
export function parseIndex(text: string): WorkspaceIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WorkspaceError(`${INDEX} is damaged`);
  }
  if (!isIndex(value)) throw new WorkspaceError(`${INDEX} is damaged, or of another version of this page`);
  const at = damageOf(value);
  if (at !== null) throw new WorkspaceError(`${INDEX} is damaged: its ${at} is not what this page writes`);
  return { ...EMPTY_INDEX, ...value, choices: { ...INITIAL_CHOICES, ...value.choices } };
}

function isIndex(value: unknown): value is WorkspaceIndex {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value && value.format === FORMAT && 'version' in value && value.version === 1))
    return false;
  if (!('pictures' in value && 'models' in value)) return false;
  return Array.isArray(value.pictures) && Array.isArray(value.models);
}

const PICTURE = /^(?:pictures|imgs)\/(.+)\.(?:png|jpe?g|webp)$/i;

/**
 * What the names of the files alone say, where the index is lost: each picture with its newest labels, whose status
 * nobody knows.
 */
export function indexFromFiles(paths: readonly string[]): WorkspaceIndex {
  const serials = paths.map((path) => Number(/\.(\d+)\.\w+$/.exec(path)?.[1] ?? 0));
  const pictures = paths.flatMap((file): KeptPicture[] => {
    const key = PICTURE.exec(file)?.[1];
    if (key === undefined) return [];
    const labels = paths
      .flatMap((path) => {
        const serial = path.startsWith(`labels/${key}.`) && /^\d+(?=\.png$)/.exec(path.slice(8 + key.length));
        return serial ? [{ path, serial: Number(serial[0]) }] : [];
      })
      .sort((a, b) => b.serial - a.serial)[0];
    const name = file.slice(file.indexOf('/') + 1);
    return [
      { key, name, file, sample: false, labels: labels ? { file: labels.path, status: 'draft' } : null },
    ];
  });
  const models = paths.filter((path) => /^models\/.+\.safetensors$/.test(path)).map(unknownModel);
  return { ...EMPTY_INDEX, serial: 1 + Math.max(0, ...serials), pictures, models };
}

/** A model of which only the file is known. */
export function unknownModel(file: string): KeptModel {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return { file, name, bytes: 0, classNames: [], pictures: 0, steps: 0, dice: null };
}
