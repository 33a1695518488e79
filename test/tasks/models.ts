import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ImageSession, LoadOptions, Model } from '../../src/index.ts';
import { loadModel } from '../../src/index.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { generateImage } from '../weights/generated-weights.ts';

export const DEMO_PATH = fileURLToPath(
  new URL('../../app/public/demo/sam2-nano-shapes.safetensors', import.meta.url),
);

/** The shipped SAM2 nano, which has no prompt predictor. */
export const demoFile = (): Promise<Blob> => openAsBlob(DEMO_PATH);

let sam2rad: Promise<Blob> | undefined;

/** A Sam2Rad nano with generated weights, three classes and a prompt predictor. */
export function sam2radFile(): Promise<Blob> {
  sam2rad ??= goldenModelFile('nano-sam2rad');
  return sam2rad;
}

/** A picture of noise, the same for the same numbers. */
export const noise = (width: number, height: number, seed = 1) => ({
  data: generateImage(width, height, seed),
  width,
  height,
});

/** A disc on a dark ground: something that the demo model segments. */
export function disc(width: number, height: number) {
  const data = new Uint8Array(width * height);
  const radius = 0.3 * Math.min(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data[y * width + x] = Math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2) < radius ? 200 : 40;
  return { data, width, height };
}

/** Loads, runs and always disposes. */
export async function withModel<T>(
  file: Blob,
  options: LoadOptions,
  run: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await loadModel(file, options);
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

/** With a picture already set. */
export const withPicture = <T>(
  file: Blob,
  options: LoadOptions,
  picture: Parameters<Model['setImage']>[0],
  run: (image: ImageSession, model: Model) => Promise<T>,
): Promise<T> => withModel(file, options, async (model) => run(await model.setImage(picture), model));
