import type { Engine } from '../engine/engine.ts';
import { importMasks } from '../labels/import-masks.ts';
import type { LabelEditor } from '../labels/label-editor.ts';
import { sortMasks } from '../labels/mask-files.ts';
import { sentenceOf } from '../sentence.ts';
import { USER_GROUP } from '../state/classes.ts';
import type { Picture } from '../state/library.ts';
import type { Store } from '../state/store.ts';
import type { PictureFiles } from './files.ts';
import { sortFiles } from './sort-files.ts';
import { tellOpened } from './tell-opened.ts';

interface Targets {
  readonly store: Store;
  readonly files: Pick<PictureFiles, 'add' | 'decode'>;
  readonly engine: Pick<Engine, 'load'>;
  readonly editor: LabelEditor;
  readonly work: { import(zips: readonly File[]): Promise<void> };
}

/**
 * Files that a person dropped or chose: pictures join the strip, and the first one opens; masks become draft labels; a
 * checkpoint is loaded; zips are added to the work. What is none of these, or one too many, is named.
 */
export async function openFiles(chosen: readonly File[], targets: Targets): Promise<void> {
  const { store, engine, work } = targets;
  const { zips, checkpoints, others: rest } = sortFiles(chosen);
  const [checkpoint, ...tooMany] = checkpoints;
  const loading = checkpoint && engine.load({ source: checkpoint, name: checkpoint.name });
  if (zips.length > 0) await work.import(zips);
  const { masks, others } = await sortMasks(rest, store.state.library.pictures);
  const unread = await addPictures(others, targets);
  const { drafts, problems } = await importMasks(masks, targets);
  const left = tooMany.map(({ name }) => `${name} was left out: one model is loaded at a time.`);
  const notice = tellOpened(store, drafts, [...left, ...unread, ...problems]);
  if (!loading || notice === null) return;
  await loading;
  // A model takes the notices before it away.
  const { notice: now } = store.state.session;
  if (now === notice) return;
  const text = [...(now ? [now.text] : []), notice.text].join(' ');
  store.dispatch({ type: 'session/notice', notice: { tone: notice.tone, text } });
}

/** @returns sentences about what could not be opened */
async function addPictures(chosen: readonly File[], { store, files }: Targets): Promise<string[]> {
  const pictures: Picture[] = [];
  const problems: string[] = [];
  for (const file of chosen) {
    try {
      const details = { name: file.name, group: USER_GROUP, removable: true, exampleBoxes: [] };
      pictures.push(await files.add(file, details));
    } catch (error) {
      problems.push(sentenceOf(error));
    }
  }
  const [first] = pictures;
  if (first !== undefined) {
    store.dispatch({ type: 'library/add', pictures });
    store.dispatch({ type: 'library/open', id: first.id });
  }
  return problems;
}
