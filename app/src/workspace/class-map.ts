import { checkValues, readMask } from '../../../src/evaluation.ts';
import { MAX_USER_CLASSES } from '../state/classes.ts';

/** Class numbers as they are in a mask's file. */
export interface ClassMap {
  readonly width: number;
  readonly height: number;
  /** width * height, 0 is background. */
  readonly data: Uint8Array;
}

/**
 * A mask's class numbers, bit for bit. A browser's own decoder would bring colour management between file and numbers,
 * and some add noise to what is read from a canvas.
 * @throws DatasetError that names the file: damaged, saved in another way, or of more classes than the page has
 */
export async function readClassMap(name: string, file: Blob): Promise<ClassMap> {
  const mask = await readMask(name, new Uint8Array(await file.arrayBuffer()));
  checkValues(mask, MAX_USER_CLASSES, `join classes: the page has ${MAX_USER_CLASSES}`);
  const { width, height, values } = mask;
  return { width, height, data: Uint8Array.from(values) };
}
