import type { PictureFiles } from '../pictures/files.ts';
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

/** So many problems are told one by one. */
const MOST_TOLD = 3;

/** Makes drafts of mask files, and says of each that cannot be one what is wrong with it. */
export async function importMasks(masks: readonly MaskFile[], targets: Targets): Promise<void> {
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
      problems.push(`${error instanceof Error ? error.message : String(error)}.`);
    }
  const [first] = drafts;
  if (first !== undefined) store.dispatch({ type: 'library/open', id: first });
  if (problems.length > 0) {
    const rest = problems.length - MOST_TOLD;
    const more = rest > 0 ? [`${rest} more masks were not read.`] : [];
    const text = [...problems.slice(0, MOST_TOLD), ...more].join(' ');
    store.dispatch({ type: 'session/notice', notice: { tone: 'error', text } });
  } else if (drafts.length > 0) {
    const text = `${drafts.length === 1 ? '1 mask is a draft label' : `${drafts.length} masks are draft labels`} now.`;
    store.dispatch({ type: 'session/notice', notice: { tone: 'info', text } });
  }
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
