import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../../src/weights/open.ts';

/** One size of the goldens `preprocess`: a picture, and what each family's reference makes of it. */
export interface PictureCase {
  readonly height: number;
  readonly width: number;
  readonly imageSize: number;
  /** u8 [height, width, 3]. */
  readonly image: Uint8Array;
  /** `sam`, `sam2`, `sam2rad` [3, S, S]; `low_res_logits` [S/4, S/4]; `mask_longest_side`, `mask_squash` [height, width]. */
  f32(name: string): Promise<Float32Array>;
}

/** All sizes, in the file's order. */
export async function pictureCases(): Promise<PictureCase[]> {
  const path = fileURLToPath(new URL('../fixtures/goldens/preprocess.safetensors', import.meta.url));
  const { tensors, metadata } = await openCheckpoint(new Blob([await readFile(path)]));
  const tensor = (name: string) => {
    const stored = tensors.get(name);
    if (!stored) throw new Error(`the goldens hold no '${name}'`);
    return stored;
  };
  const sizes: { h: number; w: number; image_size: number }[] = JSON.parse(metadata['cases'] ?? '[]');
  return Promise.all(
    sizes.map(async ({ h, w, image_size }, i) => ({
      height: h,
      width: w,
      imageSize: image_size,
      image: await tensor(`${i}.image`).read(),
      f32: (name) => tensor(`${i}.${name}`).readF32(),
    })),
  );
}

/** An element that must be there. */
export function at(values: ArrayLike<number>, i: number): number {
  const value = values[i];
  if (value === undefined) throw new Error(`no element ${i} of ${values.length}`);
  return value;
}

/** Bytes [height, width, 3] as the kernels want them, alpha 255. */
export function packed(rgb: Uint8Array): Uint32Array {
  return Uint32Array.from(
    { length: rgb.length / 3 },
    (_, i) => at(rgb, 3 * i) | (at(rgb, 3 * i + 1) << 8) | (at(rgb, 3 * i + 2) << 16) | 0xff000000,
  );
}

/** The first three channels of [size, size, 4] as PyTorch's [3, size, size]. */
export function planes(y: Float32Array, size: number): Float32Array {
  return Float32Array.from({ length: 3 * size * size }, (_, i) =>
    at(y, (i % size ** 2) * 4 + Math.floor(i / size ** 2)),
  );
}
