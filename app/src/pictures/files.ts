import { PictureError } from '../../../src/index.ts';
import type { Picture } from '../state/library.ts';
import { declaredSize } from './header.ts';

/** Enough of a file to find a JPEG's frame header behind its EXIF data and thumbnails. */
const HEADER_BYTES = 512 * 1024;
/** The engine's own limits, which a test holds them to: refused before the browser decodes it. */
export const MAX_PIXELS = 32 * 1024 * 1024;
export const MAX_SIDE = 65_535;

type Details = Pick<Picture, 'name' | 'group' | 'removable' | 'exampleBoxes'>;

/** The bytes of the pictures in the strip. They never leave this computer. */
export class PictureFiles {
  readonly #blobs = new Map<string, Blob>();
  #nextId = 1;

  /** @throws PictureError where the file is no picture, or too large. Nothing is decoded yet. */
  async add(blob: Blob, details: Details): Promise<Picture> {
    const { name } = details;
    const size = declaredSize(await headOf(blob, name));
    if (size === null) throw new PictureError(`${name} is no PNG, JPEG or WebP picture`);
    const { width, height } = size;
    if (width === 0 || height === 0)
      throw new PictureError(`${name} has no pixels: its header says ${width} x ${height}`);
    if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
      throw new PictureError(
        `${name} is ${width} x ${height} pixels; up to ${MAX_SIDE} a side and ${MAX_PIXELS / 2 ** 20} million in all can be opened: make it smaller`,
      );
    const id = `picture-${this.#nextId++}`;
    this.#blobs.set(id, blob);
    return { ...details, id, stem: stemOf(name), thumbnail: URL.createObjectURL(blob), size: null };
  }

  /** Upright, whatever the camera's orientation was. @throws PictureError */
  async decode(picture: Picture): Promise<ImageBitmap> {
    const blob = this.#blobs.get(picture.id);
    if (blob === undefined) throw new PictureError(`${picture.name} is not open any more`);
    try {
      return await createImageBitmap(blob, { imageOrientation: 'from-image' });
    } catch {
      throw new PictureError(`${picture.name} is damaged: the browser cannot decode it`);
    }
  }

  /** As they were opened; undefined for a picture that is not there any more. */
  bytes(id: string): Blob | undefined {
    return this.#blobs.get(id);
  }

  remove(picture: Picture): void {
    this.#blobs.delete(picture.id);
    URL.revokeObjectURL(picture.thumbnail);
  }
}

/** @throws PictureError where it cannot be read: a browser gives a folder that is dropped as a file, too */
async function headOf(blob: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.slice(0, HEADER_BYTES).arrayBuffer());
  } catch (cause) {
    throw new PictureError(`${name} cannot be read: if it is a folder, open the files in it`, { cause });
  }
}

/** A file's name without its ending, as downloads are named. */
export function stemOf(name: string): string {
  return name
    .replace(/\.[^.]+$/, '')
    .replaceAll(/\s+/g, '-')
    .toLowerCase();
}
