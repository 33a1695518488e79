import type { Engine } from '../engine/engine.ts';
import { importMasks } from '../labels/import-masks.ts';
import type { LabelEditor } from '../labels/label-editor.ts';
import { sortMasks } from '../labels/mask-files.ts';
import { USER_GROUP } from '../state/classes.ts';
import type { Picture } from '../state/library.ts';
import type { Store } from '../state/store.ts';
import type { PictureFiles } from './files.ts';
import { sortFiles } from './sort-files.ts';

interface Targets {
  readonly store: Store;
  readonly files: PictureFiles;
  readonly engine: Engine;
  readonly editor: LabelEditor;
}

/**
 * Files that a person dropped or chose: pictures join the strip, and the first one opens; masks become draft labels; a
 * checkpoint is loaded.
 */
export async function openFiles(chosen: readonly File[], targets: Targets): Promise<void> {
  const { store, files, engine } = targets;
  const { checkpoints, others: rest } = sortFiles(chosen);
  const { masks, others } = await sortMasks(rest, store.state.library.pictures);
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
  if (first !== undefined) {
    store.dispatch({ type: 'library/add', pictures });
    store.dispatch({ type: 'library/open', id: first.id });
  }
  await importMasks(masks, targets);
}
