import { DatasetError, listed } from './error.ts';
import { decodePng, type PngSamples } from './png.ts';

/** Class numbers as a file holds them, not yet held against the number of classes. */
export interface MaskValues {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** width * height, row by row; 0 is background. */
  readonly values: Uint16Array;
  /** How many pixels each value has; ascending, without values that do not occur. */
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * The class numbers of a mask. Grey PNGs of any depth hold them as their samples. A palette PNG holds them as its
 * indices (so write the tools that colour their masks), which is refused where its colours are greys of other values,
 * because then nobody can tell which of the two is meant.
 * @throws DatasetError that names the file: a mask saved as colours, with transparency, or damaged
 */
export async function readMask(file: string, bytes: Uint8Array): Promise<MaskValues> {
  return maskOfSamples(file, await decodePng(file, bytes));
}

/** The same of samples that are decoded already. @throws DatasetError as `readMask` does */
export function maskOfSamples(file: string, png: PngSamples): MaskValues {
  const { width, height } = png;
  const values = png.kind === 'palette' ? indices(file, png) : greys(file, png);
  const histogram = new Uint32Array(65536);
  for (const value of values) histogram[value] = (histogram[value] ?? 0) + 1;
  const counts = new Map<number, number>();
  histogram.forEach((count, value) => {
    if (count > 0) counts.set(value, count);
  });
  return { file, width, height, values, counts };
}

function indices(file: string, { samples, palette }: PngSamples): Uint16Array {
  const used = [...new Set(samples)];
  const colours = used.map((index) => ({ index, colour: palette[index] }));
  const isGrey = colours.every(({ colour }) => colour && colour[0] === colour[1] && colour[1] === colour[2]);
  const other = colours.find(({ index, colour }) => colour?.[0] !== index);
  if (isGrey && other)
    throw new DatasetError(
      `${file} has a palette of greys in which index ${other.index} is grey ${other.colour?.[0]}, so its class numbers cannot be told; save it as 8-bit grey, class numbers as grey values`,
    );
  return samples;
}

/** One value a pixel of grey or of colours that are all grey. */
function greys(file: string, { width, height, channels, bits, samples }: PngSamples): Uint16Array {
  if (channels === 1) return samples;
  const opaque = 2 ** bits - 1;
  const hasAlpha = channels % 2 === 0;
  const colours = channels - Number(hasAlpha);
  return Uint16Array.from({ length: width * height }, (_, pixel) => {
    const own = samples.subarray(pixel * channels, (pixel + 1) * channels);
    const [first = 0] = own;
    const where = `at x ${pixel % width}, y ${Math.floor(pixel / width)}`;
    if (own.subarray(0, colours).some((value) => value !== first))
      throw new DatasetError(
        `${file} is saved as colours (${own.subarray(0, colours).join(', ')} ${where}); save class numbers as 8-bit grey values: 0 background, 1, 2, ...`,
      );
    if (hasAlpha && own[channels - 1] !== opaque)
      throw new DatasetError(
        `${file} has transparent pixels (${where}); save class numbers as 8-bit grey values without transparency`,
      );
    return first;
  });
}

/** More levels than this past the last class were not drawn by hand. */
const FEW_LEVELS = 3;

/**
 * @param classes how many there are
 * @param remedy what a person does who is right about the number and has said another one
 * @throws DatasetError that names the file and what its values look like, where one is past the last class
 */
export function checkValues(
  { file, counts }: Pick<MaskValues, 'file' | 'counts'>,
  classes: number,
  remedy: string,
): void {
  const past = [...counts.keys()].filter((value) => value > classes);
  if (past.length === 0) return;
  const expected = `expected 0 for the background and ${classes === 1 ? '1' : `1 to ${classes}`}`;
  if (past.length > FEW_LEVELS)
    throw new DatasetError(
      `${file} has ${counts.size} grey levels, such as ${listed(past.map(String), 4)}: it looks anti-aliased or is no mask; ${expected}, so save it without smoothing`,
    );
  const isBlackAndWhite = counts.size <= 2 && past[0] === 255;
  if (isBlackAndWhite)
    throw new DatasetError(
      `${file} is black and white (0 and 255), ${expected}; save 255 as the class's number`,
    );
  throw new DatasetError(
    `${file} holds class number ${listed(past.map(String))}, ${expected}; correct the mask or ${remedy}`,
  );
}

/**
 * @throws DatasetError that names both files, where the sizes of a mask and its picture differ
 */
export function checkSize(
  truth: { readonly file: string; readonly width: number; readonly height: number },
  image: { readonly file: string; readonly width: number; readonly height: number },
): void {
  if (image.width === truth.width && image.height === truth.height) return;
  throw new DatasetError(
    `${truth.file} is ${truth.width} x ${truth.height} pixels, its picture ${image.file} is ${image.width} x ${image.height}; they must be of one size`,
  );
}
