/** How far the masks of a model move when its matrices are stored in fewer bits: shared by test and `storage-check`. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { type Box, loadModel, type WeightStorage } from '../../src/index.ts';

/** A picture and its class numbers, as PNGs. */
export interface Phantom {
  readonly name: string;
  readonly image: string;
  readonly truth: string;
}

/** What is promised of IoUs with the masks of f32: their mean, and each. */
export const LEAST = { f16: { mean: 0.995, each: 0.98 }, q8: { mean: 0.98, each: 0 } } as const;

export interface Agreement {
  readonly storage: keyof typeof LEAST;
  /** IoU with the mask of f32, one a class and phantom. */
  readonly ious: readonly number[];
  readonly mean: number;
  readonly lowest: number;
}

/** Prompts each class of each phantom with its tight box, once a storage. */
export async function compareStorages(
  gpu: GPU,
  file: Blob,
  phantoms: readonly Phantom[],
  say: (line: string) => void = () => {},
): Promise<Agreement[]> {
  const all: { name: string; picture: Grey; boxes: readonly Box[] }[] = [];
  for (const { name, image, truth } of phantoms)
    all.push({ name, picture: await readGrey(image), boxes: boxesOf(await readGrey(truth)) });
  const masksAs = async (storage: WeightStorage) => {
    const model = await loadModel(file, { gpu, storage });
    try {
      const masks: Uint8Array[] = [];
      for (const { name, picture, boxes } of all) {
        using session = await model.setImage(picture);
        for (const box of boxes) {
          const [result] = await session.predict({ mode: 'manual', box });
          if (!result) throw new Error(`${name}: no mask`);
          masks.push(result.mask);
        }
        say(`${storage} ${name}`);
      }
      return masks;
    } finally {
      model.dispose();
    }
  };
  const exact = await masksAs('f32');
  const agreements: Agreement[] = [];
  for (const storage of ['f16', 'q8'] as const) {
    const masks = await masksAs(storage);
    const ious = masks.map((mask, i) => iou(mask, exact[i] ?? new Uint8Array()));
    const mean = ious.reduce((sum, value) => sum + value, 0) / ious.length;
    agreements.push({ storage, ious, mean, lowest: Math.min(...ious) });
  }
  return agreements;
}

/** Two empty masks agree. */
function iou(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 0;
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    both += (a[i] ?? 0) & (b[i] ?? 0);
    either += (a[i] ?? 0) | (b[i] ?? 0);
  }
  return either === 0 ? 1 : both / either;
}

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
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
