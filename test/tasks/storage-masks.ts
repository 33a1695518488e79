/** How far the masks of a model move when its matrices are stored in fewer bits: shared by test and `storage-check`. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Box, WeightStorage } from '../../src/index.ts';
import { type Agreement, agreement, type Grey, maskEach, type PromptedPicture } from './phantom-masks.ts';

/** A picture and its class numbers, as PNGs. */
export interface Phantom {
  readonly name: string;
  readonly image: string;
  readonly truth: string;
}

/** What is promised of IoUs with the masks of f32: their mean, and each. */
export const LEAST = { f16: { mean: 0.995, each: 0.98 }, q8: { mean: 0.98, each: 0 } } as const;

export interface StorageAgreement extends Agreement {
  readonly storage: keyof typeof LEAST;
}

/** The pictures, and the tight box of each class. */
export async function readPhantoms(phantoms: readonly Phantom[]): Promise<PromptedPicture[]> {
  const pictures: PromptedPicture[] = [];
  for (const { name, image, truth } of phantoms)
    pictures.push({ name, picture: await readGrey(image), boxes: boxesOf(await readGrey(truth)) });
  return pictures;
}

/** Prompts each class of each phantom with its tight box, once a storage. */
export async function compareStorages(
  gpu: GPU,
  file: Blob,
  phantoms: readonly Phantom[],
  say: (line: string) => void = () => {},
): Promise<StorageAgreement[]> {
  const pictures = await readPhantoms(phantoms);
  const masksAs = (storage: WeightStorage) =>
    maskEach(gpu, file, pictures, { storage }, (name) => say(`${storage} ${name}`));
  const exact = await masksAs('f32');
  const agreements: StorageAgreement[] = [];
  for (const storage of ['f16', 'q8'] as const) {
    agreements.push({ storage, ...agreement(await masksAs(storage), exact) });
  }
  return agreements;
}

async function readGrey(path: string): Promise<Grey> {
  const { data, info } = await sharp(await readFile(path))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 1) throw new Error(`${path} has ${info.channels} channels, expected 1`);
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The tight box of each class that occurs, in order of their numbers. */
function boxesOf({ data, width, height }: Grey): Box[] {
  const boxes: [number, number, number, number][] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const label = data[y * width + x] ?? 0;
      if (label === 0) continue;
      boxes[label] ??= [x, y, x + 1, y + 1];
      const [x0, y0, x1] = boxes[label];
      boxes[label] = [Math.min(x0, x), y0, Math.max(x1, x + 1), y + 1];
    }
  return Object.values(boxes);
}
