import type { LabelMaps } from '../labels/label-maps.ts';
import type { PictureFiles } from '../pictures/files.ts';
import { declaredSize } from '../pictures/header.ts';
import { MAX_USER_CLASSES, USER_GROUP } from '../state/classes.ts';
import type { Picture } from '../state/library.ts';
import type { Store } from '../state/store.ts';
import { type ClassMap, readClassMap } from './class-map.ts';
import { WorkspaceError } from './error.ts';
import type { KeptPicture } from './index-file.ts';

/** Where pictures and labels live in the page. */
export interface Places {
  readonly store: Store;
  readonly files: Pick<PictureFiles, 'add' | 'bytes'>;
  readonly maps: LabelMaps;
}

export interface Restored {
  /** The picture's id in the page, by what was kept of it. */
  readonly ids: ReadonlyMap<KeptPicture, string>;
  /** Sentences about what could not be read. */
  readonly problems: readonly string[];
}

const HEADER_BYTES = 512 * 1024;

/**
 * Brings kept or imported pictures into the page, with their labels. What cannot be read is named, and left out.
 * @param read the file of a path; it throws where there is none
 */
export async function restorePictures(
  kept: readonly KeptPicture[],
  read: (path: string) => Promise<Blob>,
  { store, files, maps }: Places,
): Promise<Restored> {
  const problems: string[] = [];
  const ids = new Map<KeptPicture, string>();
  const added: Picture[] = [];
  const labelled: { readonly id: string; readonly map: ClassMap; readonly entry: KeptPicture }[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  };
  for (const entry of kept) {
    const { name } = entry;
    const blob = await attempt(() => read(entry.file));
    if (blob === null) continue;
    const known = await findSame(blob, entry, { store, files });
    const details = { name, group: USER_GROUP, removable: true, exampleBoxes: [] };
    const picture = known ?? (await attempt(() => files.add(blob, details)));
    if (picture === null) continue;
    if (known === null) added.push(picture);
    ids.set(entry, picture.id);
    const { labels } = entry;
    if (labels === null) continue;
    const map = await attempt(async () =>
      fitting(await readClassMap(labels.file, await read(labels.file)), labels.file, blob),
    );
    if (map !== null) labelled.push({ id: picture.id, map, entry });
  }
  if (added.length > 0) store.dispatch({ type: 'library/add', pictures: added });
  for (const { id, map, entry } of labelled) {
    const { width, height, data } = map;
    store.dispatch({ type: 'library/size', id, width, height });
    maps.set(id, data);
    store.dispatch({ type: 'label/changed', picture: id, status: entry.labels?.status ?? 'draft' });
  }
  return { ids, problems };
}

/** A picture of the page that is this one: a sample of its name, or the same bytes under the same name. */
async function findSame(
  blob: Blob,
  { name, sample }: KeptPicture,
  { store, files }: Pick<Places, 'store' | 'files'>,
): Promise<Picture | null> {
  for (const picture of store.state.library.pictures) {
    if (picture.name !== name || picture.removable === sample) continue;
    const own = files.bytes(picture.id);
    if (own !== undefined && (await areEqual(own, blob))) return picture;
  }
  return null;
}

async function areEqual(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const [x, y] = await Promise.all([a, b].map(async (blob) => new Uint8Array(await blob.arrayBuffer())));
  return x?.every((byte, i) => byte === y?.[i]) ?? false;
}

/** @throws WorkspaceError where labels are of another size than their picture, or hold numbers that no class has */
async function fitting(map: ClassMap, file: string, picture: Blob): Promise<ClassMap> {
  const size = declaredSize(new Uint8Array(await picture.slice(0, HEADER_BYTES).arrayBuffer()));
  // A camera's picture may be stored lying on its side.
  const sides = [size?.width, size?.height];
  if (!(sides.includes(map.width) && sides.includes(map.height)))
    throw new WorkspaceError(
      `${file} is ${map.width} x ${map.height} pixels, but its picture ${sides.join(' x ')}: save the mask at the picture's size`,
    );
  const most = map.data.reduce((max, value) => Math.max(max, value), 0);
  if (most > MAX_USER_CLASSES)
    throw new WorkspaceError(
      `${file} holds class number ${most}, this page has up to ${MAX_USER_CLASSES} classes: save class numbers as grey values, 0 background, 1, 2, ...`,
    );
  return map;
}
