import { basename, resolve } from 'node:path';
import { type Case, type Dataset, loadCase, openDataset } from '../dataset/dataset.ts';
import { parseGroupBy, splitByGroup } from '../dataset/groups.ts';
import type { TrainingExample } from './engine.ts';
import type { TrainChoices } from './request.ts';

type Sharp = Parameters<typeof loadCase>[0];

/** What a run learns from and is measured on. */
export interface TrainingData {
  /** Of the folder's name: `queries.<name>` in the model. */
  readonly name: string;
  readonly classNames: readonly string[];
  readonly training: readonly Case[];
  /** Empty where nothing is set aside. */
  readonly validation: readonly Case[];
  /** Sentences that a person should see. */
  readonly warnings: readonly string[];
}

/**
 * Opens the data and sets the validation aside.
 * @throws DatasetError, PictureError as `openDataset` and `splitByGroup`
 */
export async function prepareData(
  sharp: Sharp,
  folder: string,
  choices: TrainChoices,
  work: { readonly signal: AbortSignal; readonly onProgress: (done: number, total: number) => void },
): Promise<TrainingData> {
  const groupBy = choices.groupBy === null ? undefined : parseGroupBy(choices.groupBy);
  const all = await openDataset(sharp, folder, 'Train', {
    ...work,
    groupBy,
    classNames: choices.classes ?? undefined,
  });
  const { classNames } = all;
  const own = { classNames, groupBy, ...work };
  const sides = await setAside(all, choices, (other) => openDataset(sharp, other, 'Test', own));
  const name = basename(resolve(folder)).replace(/[^\w-]+/g, '_') || 'dataset';
  return { name, classNames, ...sides, warnings: [...all.warnings, ...warningsOf(sides, classNames)] };
}

type Sides = Pick<TrainingData, 'training' | 'validation'>;

async function setAside(
  { cases }: Dataset,
  { validation, seed }: TrainChoices,
  open: (folder: string) => Promise<Dataset>,
): Promise<Sides> {
  if (validation === null) return { training: cases, validation: [] };
  if (typeof validation === 'number') return splitByGroup(cases, validation, seed);
  return { training: cases, validation: (await open(validation)).cases };
}

function warningsOf({ training, validation }: Sides, classNames: readonly string[]): string[] {
  const warnings: string[] = [];
  if (validation.length === 0)
    warnings.push(
      `Dice is measured on the ${training.length === 1 ? 'training picture itself' : 'training pictures themselves'}, which says nothing about others; set some aside with --val`,
    );
  if (training.length === 1)
    warnings.push('one picture is very little to learn from; ten are what Sam2Rad is made for');
  const sameFile = new Set(training.map(({ imageSha256 }) => imageSha256));
  const leaked = validation.filter(({ imageSha256 }) => sameFile.has(imageSha256)).map(({ name }) => name);
  if (leaked.length > 0)
    warnings.push(
      `${leaked.length} validation pictures are training pictures, too (${leaked[0]}): their Dice is too high`,
    );
  classNames.forEach((name, at) => {
    if (!training.some(({ classes }) => classes.includes(at + 1)))
      warnings.push(
        `no training mask holds ${name} (class number ${at + 1}): it will only learn to be absent`,
      );
  });
  return warnings;
}

/** Cases as the engine takes them. */
export function examplesOf(sharp: Sharp, cases: readonly Case[]): TrainingExample[] {
  return cases.map((one) => ({
    name: one.name,
    width: one.width,
    height: one.height,
    load: async () => {
      const { picture, classMap } = await loadCase(sharp, one);
      return { picture, classMap };
    },
  }));
}
