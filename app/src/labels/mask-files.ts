import {
  checkSize,
  checkValues,
  DatasetError,
  decodePng,
  maskOfSamples,
  type PngSamples,
} from '../../../src/evaluation.ts';
import { stemOf } from '../pictures/files.ts';
import type { Picture } from '../state/library.ts';

const MASK_NAME = /_mask$/;
const PNG = /\.png$/i;

/** A file that is meant as the label of the picture of this stem. */
export interface MaskFile {
  readonly file: File;
  readonly stem: string;
}

/**
 * Tells masks from pictures. Masks are PNGs that are named `<stem>_mask.png` for a picture that is there or comes with
 * them; or that look like masks and are named so without a picture, or as a picture is: pictures of different folders
 * may share a name.
 */
export async function sortMasks(
  files: readonly File[],
  pictures: readonly Pick<Picture, 'stem'>[],
): Promise<{ masks: MaskFile[]; others: File[] }> {
  const masks: MaskFile[] = [];
  const others: File[] = [];
  for (const file of files) {
    const named = stemOf(file.name);
    const stem = named.replace(MASK_NAME, '');
    const hasPicture =
      pictures.some((picture) => picture.stem === stem) ||
      files.some((other) => other !== file && stemOf(other.name) === stem);
    const saysSo = named !== stem;
    const mayBe = PNG.test(file.name) && (saysSo || hasPicture);
    if (mayBe && ((saysSo && hasPicture) || (await isFlat(file)))) masks.push({ file, stem });
    else others.push(file);
  }
  return { masks, others };
}

/**
 * The class numbers of a mask file for a picture.
 * @throws DatasetError that names the file: not of the picture's size, in colours, anti-aliased, numbers past the count
 */
export async function readLabel(
  file: File,
  picture: { readonly file: string; readonly width: number; readonly height: number },
  classes: number,
): Promise<Uint8Array> {
  const mask = maskOfSamples(file.name, await decodePng(file.name, await bytesOf(file)));
  checkSize(mask, picture);
  checkValues(mask, classes, 'add the class to the list');
  return Uint8Array.from(mask.values);
}

/** The picture of this stem. @throws DatasetError where there is none, or more than one */
export function pictureOf({ file, stem }: MaskFile, pictures: readonly Picture[]): Picture {
  const found = pictures.filter((picture) => picture.stem === stem);
  const [picture] = found;
  if (picture === undefined)
    throw new DatasetError(
      `${file.name} is a mask without a picture: no picture is named ${stem}; open the picture, then the mask`,
    );
  if (found.length > 1)
    throw new DatasetError(
      `${file.name} fits ${found.length} pictures that are named ${stem}; remove all but one of them`,
    );
  return picture;
}

/** Most of a mask, and of no picture, has one of a few values: of the phantoms' pictures up to 0.27 have. */
const FEW_VALUES = 3;
const MOST = 0.8;

async function isFlat(file: File): Promise<boolean> {
  try {
    return shareOfMostFrequent(await decodePng(file.name, await bytesOf(file))) >= MOST;
  } catch (error) {
    // Who reads pictures says what is wrong with it; a browser gives a folder as a file that cannot be read.
    if (error instanceof DatasetError || error instanceof DOMException) return false;
    throw error;
  }
}

function shareOfMostFrequent({ width, height, channels, samples }: PngSamples): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < samples.length; i += channels) {
    let value = 0;
    for (let c = 0; c < channels; c++) value = value * 256 + (samples[i + c] ?? 0);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const largest = [...counts.values()].sort((a, b) => b - a).slice(0, FEW_VALUES);
  return largest.reduce((sum, count) => sum + count, 0) / (width * height);
}

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
