import { at } from './definitions.ts';

export interface DepthwiseCase {
  readonly map: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
}

/** The definition, in f64, channel by channel on a padded copy. */
export function convolve(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  bias: ArrayLike<number>,
  each: DepthwiseCase,
): number[] {
  const { map, kernel, stride, padding } = each;
  const [height, width, channels] = map;
  const [tall, wide] = [height + 2 * padding, width + 2 * padding];
  const [outHeight, outWidth] = [
    Math.floor((tall - kernel[0]) / stride) + 1,
    Math.floor((wide - kernel[1]) / stride) + 1,
  ];
  const result = new Array<number>(outHeight * outWidth * channels);
  for (let c = 0; c < channels; c++) {
    const padded = new Float64Array(tall * wide);
    for (let y = 0; y < height; y++)
      for (let q = 0; q < width; q++)
        padded[(y + padding) * wide + q + padding] = at(x, (y * width + q) * channels + c);
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        let sum = at(bias, c);
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++)
            sum +=
              at(padded, (oy * stride + ky) * wide + ox * stride + kx) *
              at(w, (ky * kernel[1] + kx) * channels + c);
        result[(oy * outWidth + ox) * channels + c] = sum;
      }
  }
  return result;
}
