import { readFile } from 'node:fs/promises';
import type sharpModule from 'sharp';
import { PictureError } from '../../src/errors.ts';
import { MAX_PIXELS, MAX_SIDE, readPixels } from '../../src/web/picture.ts';
import { systemReason } from '../errors.ts';
import { checkFile } from './files.ts';

type Sharp = typeof sharpModule;

/** A decoded picture as ImageData has it: RGBA, opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** No picture of MAX_PIXELS in a sensible format has more bytes. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const SIZE_ADVICE = `the limit is ${MAX_PIXELS} pixels and ${MAX_SIDE} a side; scale it down or crop it`;

/**
 * Decodes PNG, JPEG or WebP to 8 bits a channel: EXIF rotation applied, grey repeated, the upper 8 of 16 bits,
 * transparency over black. Values are taken as stored: colour profiles are ignored, as by PyTorch's loaders.
 * @throws PictureError that names the file, what it is and what to do
 */
export async function readPicture(sharp: Sharp, path: string): Promise<Picture> {
  const bytes = await readBytes(path);
  checkKind(path, bytes);
  const damaged = (error: unknown): never => {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw new PictureError(`${path} is damaged and cannot be decoded (${reason}); get it again`, {
      cause: error,
    });
  };
  const header = pngSize(bytes);
  if (header) checkSize(path, header);
  // Trusted for the size only: no pixel is decoded here.
  const { width = 0, height = 0 } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(damaged);
  checkSize(path, { width, height });
  const { data, info } = await sharp(bytes, {
    autoOrient: true,
    ignoreIcc: true,
    limitInputPixels: MAX_PIXELS,
    failOn: 'truncated',
  })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(damaged);
  const { width: across, height: down } = info;
  // Transparency is the engine's to composite, so that a page and a terminal see the same bytes.
  const { pixels } = readPixels({ data: new Uint8ClampedArray(data), width: across, height: down });
  return { width: across, height: down, data: new Uint8ClampedArray(pixels.buffer) };
}

/**
 * An 8-bit PNG.
 * @param pixels width * height * channels; 1 channel is grey, 3 are RGB
 */
export async function encodePng(
  sharp: Sharp,
  pixels: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3,
): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}

async function readBytes(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    const { size } = await checkFile(path);
    if (size > MAX_FILE_BYTES)
      throw new PictureError(`${path} has ${size} bytes, more than any picture that we take: ${SIZE_ADVICE}`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof PictureError) throw error;
    throw new PictureError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** Known by their first bytes, before a decoder sees them. */
function checkKind(path: string, bytes: Buffer): void {
  const start = bytes.subarray(0, 16).toString('latin1');
  const isKnown =
    start.startsWith('\u0089PNG\r\n\u001a\n') ||
    start.startsWith('\u00ff\u00d8\u00ff') ||
    (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP');
  if (isKnown) return;
  const got = bytes.length === 0 ? 'is empty' : `starts with ${bytes.subarray(0, 8).toString('hex')}`;
  throw new PictureError(`${path} ${got}: expected a PNG, JPEG or WebP picture; convert it to one of them`);
}

/** From the IHDR chunk, which is always first; a PNG with an impossible size is not even opened elsewhere. */
function pngSize(bytes: Buffer): Size | undefined {
  if (bytes.length < 24 || bytes.subarray(12, 16).toString('latin1') !== 'IHDR') return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function checkSize(path: string, { width, height }: Size): void {
  if (width === 0 || height === 0)
    throw new PictureError(`${path} is ${width} x ${height} pixels: expected at least 1 x 1; get it again`);
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    throw new PictureError(`${path} is ${width} x ${height} pixels, too large: ${SIZE_ADVICE}`);
}
