import type { Engine } from '../engine/engine.ts';
import { USER_GROUP } from '../state/classes.ts';
import type { Picture } from '../state/library.ts';
import type { Store } from '../state/store.ts';
import type { PictureFiles } from './files.ts';
import { sortFiles } from './sort-files.ts';

interface Targets {
  readonly store: Store;
  readonly files: PictureFiles;
  readonly engine: Engine;
}

/** Files that a person dropped or chose: pictures join the strip, and the first one opens; a checkpoint is loaded. */
export async function openFiles(chosen: readonly File[], { store, files, engine }: Targets): Promise<void> {
  const { checkpoints, others } = sortFiles(chosen);
  const [checkpoint] = checkpoints;
  if (checkpoint) void engine.load({ source: checkpoint, name: checkpoint.name });
  const pictures: Picture[] = [];
  for (const file of others) {
    try {
      const details = { name: file.name, group: USER_GROUP, removable: true, exampleBoxes: [] };
      pictures.push(await files.add(file, details));
    } catch (error) {
      engine.fail(error);
    }
  }
  const [first] = pictures;
  if (first === undefined) return;
  store.dispatch({ type: 'library/add', pictures });
  store.dispatch({ type: 'library/open', id: first.id });
}
