import type { LabelMaps } from '../labels/label-maps.ts';
import type { PictureFiles } from '../pictures/files.ts';
import { declaredSize } from '../pictures/header.ts';
import { MODEL_GROUP, USER_GROUP } from '../state/classes.ts';
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
  /** What was kept of those whose labels are the picture's labels now. */
  readonly labelled: ReadonlySet<KeptPicture>;
  /** Sentences about what could not be read, or has other labels here. */
  readonly problems: readonly string[];
}

const HEADER_BYTES = 512 * 1024;

/**
 * Brings kept or imported pictures into the page, with their labels. What cannot be read is named, and left out; so
 * are labels of a picture that has others here: nobody knows which of the two are the better ones.
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
  const labels = new Map<KeptPicture, ClassMap>();
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
    const group = groupOf(entry, store);
    const details = { name, group, removable: true, exampleBoxes: [] };
    const picture = known ?? (await attempt(() => files.add(blob, details)));
    if (picture === null) continue;
    if (known === null) added.push(picture);
    ids.set(entry, picture.id);
    const file = entry.labels?.file;
    if (file === undefined) continue;
    const map = await attempt(async () => fitting(await readClassMap(file, await read(file)), file, blob));
    if (map !== null) labels.set(entry, map);
  }
  if (added.length > 0) store.dispatch({ type: 'library/add', pictures: added });
  const labelled = new Set<KeptPicture>();
  for (const [entry, { width, height, data }] of labels) {
    const id = ids.get(entry) ?? '';
    const own = maps.get(id);
    if (own === null) {
      store.dispatch({ type: 'library/size', id, width, height });
      maps.set(id, data);
      store.dispatch({ type: 'label/changed', picture: id, status: entry.labels?.status ?? 'draft' });
    } else if (!areSame(own, data)) {
      problems.push(
        `the labels of ${entry.name}, which has other ones here: remove those first to have these`,
      );
      continue;
    }
    labelled.add(entry);
  }
  return { ids, labelled, problems };
}

/** The list that its class numbers are of, where there is one: a sample's labels mean something without the sample, too. */
function groupOf({ group = USER_GROUP }: KeptPicture, { state }: Store): string {
  return group in state.classes.lists && group !== MODEL_GROUP ? group : USER_GROUP;
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
  const read = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  return areSame(await read(a), await read(b));
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** @throws WorkspaceError where labels are of another size than their picture */
async function fitting(map: ClassMap, file: string, picture: Blob): Promise<ClassMap> {
  const size = declaredSize(new Uint8Array(await picture.slice(0, HEADER_BYTES).arrayBuffer()));
  // A camera's picture may be stored lying on its side.
  const sides = [size?.width, size?.height];
  if (!(sides.includes(map.width) && sides.includes(map.height)))
    throw new WorkspaceError(
      `${file} is ${map.width} x ${map.height} pixels, but its picture ${sides.join(' x ')}: save the mask at the picture's size`,
    );
  return map;
}
