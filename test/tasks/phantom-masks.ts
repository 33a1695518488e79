/** Masks of prompted pictures, and how far two models agree on them; runs in Node and in Deno. */
import { type Box, type LoadOptions, loadModel } from '../../src/index.ts';

export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A picture with a box a class. */
export interface PromptedPicture {
  readonly name: string;
  readonly picture: Grey;
  readonly boxes: readonly Box[];
}

/** A mask for each box of each picture. */
export async function maskEach(
  gpu: GPU,
  file: Blob,
  pictures: readonly PromptedPicture[],
  options: LoadOptions,
  say: (name: string) => void = () => {},
): Promise<Uint8Array[]> {
  using model = await loadModel(file, { gpu, ...options });
  if (options.compute && model.compute !== options.compute) throw new Error(`computes in ${model.compute}`);
  const masks: Uint8Array[] = [];
  for (const { name, picture, boxes } of pictures) {
    using session = await model.setImage(picture);
    for (const box of boxes) {
      const [result] = await session.predict({ mode: 'manual', box });
      if (!result) throw new Error(`${name}: no mask`);
      masks.push(result.mask);
    }
    say(name);
  }
  return masks;
}

export interface Agreement {
  /** One a mask. */
  readonly ious: readonly number[];
  readonly mean: number;
  readonly lowest: number;
}

export function agreement(masks: readonly Uint8Array[], exact: readonly Uint8Array[]): Agreement {
  const ious = masks.map((mask, i) => iou(mask, exact[i] ?? new Uint8Array()));
  const mean = ious.reduce((sum, value) => sum + value, 0) / ious.length;
  return { ious, mean, lowest: Math.min(...ious) };
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
