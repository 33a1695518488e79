import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DatasetError } from '../../src/tasks/masks/error.ts';
import { checkSize, readMask } from '../../src/tasks/masks/mask-file.ts';
import { systemReason } from '../errors.ts';
import { checkFile } from '../node/files.ts';
import { type Picture, readPicture } from '../node/pictures.ts';
import { classesOf } from './classes.ts';
import { groupOf } from './groups.ts';
import { findPairs, type Pair, type Part } from './pairs.ts';

type Sharp = Parameters<typeof readPicture>[0];

/** A picture with its true mask, checked but not in memory. */
export interface Case extends Pair {
  /** The patient: groups are independent of each other and never divided. */
  readonly group: string;
  readonly width: number;
  readonly height: number;
  /** Class numbers that its mask holds, ascending; none of an empty mask. */
  readonly classes: readonly number[];
  /** SHA-256 of the two files, in hexadecimal. */
  readonly imageSha256: string;
  readonly truthSha256: string;
}

export interface Dataset {
  /** The folder that holds imgs/ and gts/. */
  readonly folder: string;
  /** In order of the class numbers, from 1. */
  readonly classNames: readonly string[];
  readonly cases: readonly Case[];
  /** Sentences that a person should see. */
  readonly warnings: readonly string[];
}

export interface DatasetOptions {
  /** Names in order of the class numbers; counted in the masks unless given. */
  readonly classNames?: readonly string[] | undefined;
  readonly groupBy?: RegExp | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A case in memory. */
export interface Example {
  readonly case: Case;
  readonly picture: Picture;
  /** width * height class numbers, 0 is background. */
  readonly classMap: Uint8Array;
}

/**
 * Reads and checks every file of a dataset, so that what is wrong is said before anything is computed.
 * @param part which half of a folder with Train/ and Test/
 * @throws DatasetError and PictureError, each naming the file: see `findPairs`, `readMask`, `classesOf`; and a mask
 * whose size is not its picture's. The signal's reason when cancelled.
 */
export async function openDataset(
  sharp: Sharp,
  folder: string,
  part: Part,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const found = await findPairs(folder, part);
  const cases: Case[] = [];
  const counts: { file: string; counts: ReadonlyMap<number, number> }[] = [];
  for (const pair of found.pairs) {
    options.signal?.throwIfAborted();
    const group = groupOf(pair.image, options.groupBy);
    const [image, truth] = [await readBytes(pair.image), await readBytes(pair.truth)];
    const mask = await readMask(pair.truth, truth);
    // Decoded whole: a picture that is cut short is found now, not in the tenth epoch.
    checkSize(mask, { ...(await readPicture(sharp, pair.image)), file: pair.image });
    const classes = [...mask.counts.keys()].filter((value) => value > 0);
    const { width, height } = mask;
    counts.push({ file: pair.truth, counts: mask.counts });
    cases.push({
      ...pair,
      ...{ group, width, height, classes },
      imageSha256: sha256(image),
      truthSha256: sha256(truth),
    });
    options.onProgress?.(cases.length, found.pairs.length);
  }
  const classNames = classesOf(counts, found.folder, options.classNames);
  return { folder: found.folder, classNames, cases, warnings: found.warnings };
}

/** @throws DatasetError, PictureError where a file changed since `openDataset` */
export async function loadCase(sharp: Sharp, one: Case): Promise<Example> {
  const picture = await readPicture(sharp, one.image);
  const mask = await readMask(one.truth, await readBytes(one.truth));
  checkSize(mask, { ...picture, file: one.image });
  return { case: one, picture, classMap: Uint8Array.from(mask.values) };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function readBytes(path: string): Promise<Buffer> {
  try {
    await checkFile(path);
    return await readFile(path);
  } catch (error) {
    throw new DatasetError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}
