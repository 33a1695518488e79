import { greyPng } from '../../app/src/export/png.ts';
import { LabelMaps } from '../../app/src/labels/label-maps.ts';
import { PictureFiles } from '../../app/src/pictures/files.ts';
import { createStore } from '../../app/src/state/store.ts';
import { StorageFullError } from '../../app/src/workspace/error.ts';
import type { Folder } from '../../app/src/workspace/folder.ts';
import type { KeptRun } from '../../app/src/workspace/index-file.ts';
import { Shelf } from '../../app/src/workspace/shelf.ts';
import { Workspace, type WorkspaceParts } from '../../app/src/workspace/workspace.ts';

/** A browser's storage in memory, with as much room as a test gives it. */
export class FakeFolder implements Folder {
  readonly files = new Map<string, Blob>();
  room = Number.POSITIVE_INFINITY;
  /** Paths in the order in which they were written. */
  readonly log: string[] = [];

  async list() {
    return [...this.files.keys()].sort();
  }

  async read(path: string) {
    return this.files.get(path) ?? null;
  }

  async write(path: string, data: Blob) {
    const others = [...this.files]
      .filter(([name]) => name !== path)
      .reduce((sum, [, { size }]) => sum + size, 0);
    if (others + data.size > this.room) throw new StorageFullError(`there is no room for ${path}`);
    this.files.set(path, new Blob([await data.arrayBuffer()]));
    this.log.push(path);
  }

  async remove(path: string) {
    this.files.delete(path);
  }
}

type Parts = Pick<WorkspaceParts, 'store' | 'files' | 'maps'>;

/** A page as far as its work goes. @param addSamples before what was kept comes back */
export async function openPage(
  folder: Folder | null,
  mayWrite = true,
  addSamples: (page: Parts) => Promise<unknown> = async () => undefined,
) {
  const store = createStore();
  const files = new PictureFiles();
  const maps = new LabelMaps();
  const shelf = new Shelf();
  shelf.folder = folder;
  let persisted = 0;
  const workspace = new Workspace({
    ...{ store, files, maps, shelf },
    persist: async () => {
      persisted += 1;
    },
    usage: async () => 0,
    inUse: () => null,
  });
  await workspace.open();
  shelf.mayWrite = mayWrite;
  await addSamples({ store, files, maps });
  await workspace.restore();
  return { store, files, maps, workspace, persisted: () => persisted };
}

export type FakePage = Awaited<ReturnType<typeof openPage>>;

/** A grey picture of 4 x 3 pixels whose first is of this value. */
export async function pictureFile(first: number): Promise<Blob> {
  return new Blob([await greyPng(Uint8Array.from([first, ...Array(11).fill(9)]), 4, 3)], {
    type: 'image/png',
  });
}

export async function addPicture({ store, files }: Parts, name: string, first = 0, removable = true) {
  const details = { name, group: removable ? 'user' : 'sample', removable, exampleBoxes: [] };
  const picture = await files.add(await pictureFile(first), details);
  store.dispatch({ type: 'library/add', pictures: [picture] });
  store.dispatch({ type: 'library/size', id: picture.id, width: 4, height: 3 });
  return picture.id;
}

export const SETTINGS: KeptRun['settings'] = {
  train: 'ppn',
  tokens: 10,
  epochs: 2,
  batch: 4,
  learningRate: 1e-4,
  clip: null,
  augment: 'none',
  preprocess: 'sam2rad',
  seed: 0,
};

export const MAP = Uint8Array.from([0, 1, 2, 0, 1, 1, 2, 2, 0, 0, 0, 1]);

export function label({ store, maps }: FakePage, id: string, status: 'draft' | 'accepted', map = MAP): void {
  maps.set(id, map);
  store.dispatch({ type: 'label/changed', picture: id, status });
}

/** Pictures by name, with their labels. */
export function workOf({ store, maps }: FakePage) {
  return Object.fromEntries(
    store.state.library.pictures.map(({ id, name }) => {
      const { status } = store.state.labels[id] ?? {};
      return [name, status ? { status, map: maps.get(id) } : null];
    }),
  );
}

export const messageOf = ({ store }: FakePage) => store.state.workspace.message?.text ?? null;
