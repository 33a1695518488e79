import { kindOf, PictureError } from '../errors.ts';

/** A decoded picture as plain bytes, row by row: what Node, Deno and picture codecs have. */
export interface RawPicture {
  /** RGBA with straight alpha, RGB or grey, told apart by the length: 4, 3 or 1 bytes a pixel. */
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What a browser can draw, read at its natural size and in its upright orientation. */
type Drawable =
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | HTMLVideoElement
  | OffscreenCanvas
  | VideoFrame;

/** Everything that `setImage` takes. Alpha is composited over black, the same in a page and in a terminal. */
export type PictureSource = Drawable | ImageData | RawPicture;

/** A picture in memory: one word a pixel, RGBA bytes, little-endian, alpha 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** [height, width], row by row. */
  readonly pixels: Uint32Array<ArrayBuffer>;
}

/** 2^25 pixels of 4 bytes: WebGPU's default limit of a binding, 128 MiB. */
export const MAX_PIXELS = 32 * 1024 * 1024;
/** JPEG's own limit, and more than a browser's canvas holds; resize tables must stay small, too. */
export const MAX_SIDE = 65_535;

const EXPECTED =
  'an ImageBitmap, image, canvas, video frame, ImageData or { data, width, height }; decode a file with createImageBitmap(blob), in Node with sharp';

/**
 * The pixels of a picture, with alpha composited over black: c * alpha / 255, rounded.
 * @throws PictureError for no picture, one without pixels (closed, or not loaded yet), one whose data does not fit its
 * size, one of more than 32 Mpx (before anything is allocated), or one that the browser does not let us read.
 */
export function readPixels(source: PictureSource): Pixels {
  const { width, height } = naturalSize(source);
  if (width === 0 || height === 0)
    throw new PictureError(
      `picture: ${width} x ${height} pixels; an image must have loaded (await image.decode()), and a bitmap or video frame must not be closed`,
    );
  if (![width, height].every((side) => Number.isInteger(side) && side > 0))
    throw new PictureError(`picture: its size is ${width} x ${height}, expected whole positive numbers`);
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    throw new PictureError(
      `picture: ${width} x ${height} pixels are too many, the limit is ${MAX_PIXELS} pixels (32 Mpx) and ${MAX_SIDE} a side; scale it down first`,
    );
  const pixels =
    'data' in source && !('colorSpace' in source && source.colorSpace !== 'srgb')
      ? packBytes(source.data, width * height, `${width} x ${height}`)
      : overBlack(drawn(source, width, height));
  return { width, height, pixels };
}

/** Its upright size. @throws PictureError where `source` is no picture at all: it may come from code without types. */
export function naturalSize(source: PictureSource): { width: number; height: number } {
  if (typeof source === 'object' && source !== null) {
    if ('displayWidth' in source) return { width: source.displayWidth, height: source.displayHeight };
    if ('naturalWidth' in source) return { width: source.naturalWidth, height: source.naturalHeight };
    if ('videoWidth' in source) return { width: source.videoWidth, height: source.videoHeight };
    if ('width' in source && 'height' in source) return { width: source.width, height: source.height };
  }
  throw new PictureError(`picture: got ${kindOf(source)}, expected ${EXPECTED}`);
}

/** A word a pixel out of RGBA, RGB or grey bytes. @throws PictureError where they are not that. */
function packBytes(
  data: RawPicture['data'] | ImageData['data'],
  count: number,
  size: string,
): Uint32Array<ArrayBuffer> {
  // By its tag, not instanceof: the array may come from another frame or worker.
  const kind = kindOf(data);
  if (kind !== 'Uint8Array' && kind !== 'Uint8ClampedArray')
    throw new PictureError(
      `picture: its data is ${kind}, expected Uint8Array or Uint8ClampedArray; convert it to 8 bits a channel`,
    );
  const channels = data.length / count;
  if (channels !== 4 && channels !== 3 && channels !== 1)
    throw new PictureError(
      `picture: ${data.length} bytes do not fit ${size} pixels, expected ${4 * count} (RGBA), ${3 * count} (RGB) or ${count} (grey)`,
    );
  const pixels = new Uint32Array(count);
  if (channels === 4) {
    new Uint8Array(pixels.buffer).set(data);
    return overBlack(pixels);
  }
  const words = signed(pixels);
  if (channels === 3) packRgb(data, words);
  else for (let i = 0; i < count; i++) words[i] = ((data[i] ?? 0) * 0x010101) | OPAQUE;
  return pixels;
}

/** A word at a time, whose fourth byte is the next pixel's: the GPU waits for it, and three bytes apart take twice as long. */
function packRgb(data: Uint8ClampedArray | Uint8Array, pixels: Int32Array): void {
  const last = pixels.length - 1;
  const view = new DataView(data.buffer, data.byteOffset);
  for (let i = 0; i < last; i++) pixels[i] = view.getInt32(3 * i, true) | OPAQUE;
  pixels[last] = view.getUint16(3 * last, true) | (view.getUint8(3 * last + 2) << 16) | OPAQUE;
}

/** @throws PictureError where there is no canvas, or where it may not be read (a picture of another origin). */
function drawn(source: Drawable | ImageData, width: number, height: number): Uint32Array<ArrayBuffer> {
  const context = canvasContext(width, height);
  if (!context)
    throw new PictureError(
      `picture: this runtime gives no 2d canvas of ${width} x ${height}; pass { data, width, height } instead`,
    );
  try {
    // Pixels of another colour space become sRGB's on their way through the canvas.
    if ('data' in source) context.putImageData(source, 0, 0);
    else context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return new Uint32Array(data.buffer, data.byteOffset, width * height);
  } catch (cause) {
    throw new PictureError(
      `picture: the browser does not let its ${width} x ${height} pixels be read (${String(cause)}); load it from this origin or with CORS (crossOrigin = 'anonymous'), and keep it open until setImage has resolved`,
      { cause },
    );
  }
}

function canvasContext(width: number, height: number) {
  const options: CanvasRenderingContext2DSettings = { willReadFrequently: true, colorSpace: 'srgb' };
  if (typeof OffscreenCanvas !== 'undefined')
    return new OffscreenCanvas(width, height).getContext('2d', options);
  if (typeof document === 'undefined') return null;
  return Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', options);
}

/** Alpha 255 of a signed word. */
const OPAQUE = 0xff000000 | 0;

/** The same words as signed ones: engines keep those in registers, and a picture has a million. */
const signed = ({ buffer, byteOffset, length }: Uint32Array<ArrayBuffer>) =>
  new Int32Array(buffer, byteOffset, length);

/** Straight alpha over black, in place; opaque pixels stay as they are. */
function overBlack(pixels: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const words = signed(pixels);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0;
    if (word >> 24 !== -1) words[i] = blended(word);
  }
  return pixels;
}

function blended(word: number): number {
  const alpha = word >>> 24;
  const over = (shift: number) => Math.floor((((word >>> shift) & 255) * alpha + 127) / 255) << shift;
  return over(0) | over(8) | over(16) | OPAQUE;
}
