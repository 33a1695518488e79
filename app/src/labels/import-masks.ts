import type { PictureFiles } from '../pictures/files.ts';
import { sentenceOf } from '../sentence.ts';
import type { Picture } from '../state/library.ts';
import { classList } from '../state/select.ts';
import type { Store } from '../state/store.ts';
import type { Size } from '../viewer/geometry.ts';
import type { LabelEditor } from './label-editor.ts';
import { type MaskFile, pictureOf, readLabel } from './mask-files.ts';

interface Targets {
  readonly store: Store;
  readonly files: Pick<PictureFiles, 'decode'>;
  readonly editor: LabelEditor;
}

export interface Imported {
  /** How many labels were made. */
  readonly drafts: number;
  /** A sentence for each mask that is none. */
  readonly problems: readonly string[];
}

/** Makes drafts of mask files, and opens the first one's picture. */
export async function importMasks(masks: readonly MaskFile[], targets: Targets): Promise<Imported> {
  const { store, editor } = targets;
  const problems: string[] = [];
  const drafts: string[] = [];
  for (const mask of masks)
    try {
      const picture = pictureOf(mask, store.state.library.pictures);
      const size = await sizeOf(picture, targets);
      const classes = classList(store.state, picture).length;
      const map = await readLabel(mask.file, { ...size, file: picture.name }, classes);
      editor.replace({ picture: picture.id, size }, map);
      drafts.push(picture.id);
    } catch (error) {
      problems.push(sentenceOf(error));
    }
  const [first] = drafts;
  if (first !== undefined) store.dispatch({ type: 'library/open', id: first });
  return { drafts: drafts.length, problems };
}

/** As the picture is shown: upright, which its file's header need not say. */
async function sizeOf(picture: Picture, { files, store }: Targets): Promise<Size> {
  if (picture.size) return picture.size;
  const bitmap = await files.decode(picture);
  const { width, height } = bitmap;
  bitmap.close();
  store.dispatch({ type: 'library/size', id: picture.id, width, height });
  return { width, height };
}
