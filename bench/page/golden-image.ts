import { generateImage } from '../../test/weights/generated-weights.ts';

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

/** The goldens' picture as a graph wants it: normalised, [1, 3, size, size]. */
export function goldenTensor(size: number, seed = 7): Float32Array {
  const pixels = generateImage(size, size, seed);
  return Float32Array.from({ length: 3 * size * size }, (_, i) => {
    const channel = Math.floor(i / (size * size));
    const value = (pixels[(i % (size * size)) * 3 + channel] as number) / 255;
    return (value - (MEAN[channel] as number)) / (STD[channel] as number);
  });
}

/** The goldens' picture as a page has it. */
export function goldenPicture(size: number, seed = 7): ImageData {
  const pixels = generateImage(size, size, seed);
  const picture = new ImageData(size, size);
  for (let i = 0; i < size * size; i++)
    picture.data.set(
      [pixels[3 * i] as number, pixels[3 * i + 1] as number, pixels[3 * i + 2] as number, 255],
      4 * i,
    );
  return picture;
}
