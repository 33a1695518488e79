import { USER_GROUP } from '../state/classes.ts';
import { freeName } from './free-name.ts';
import { INDEX, type KeptPicture, type WorkspaceIndex } from './index-file.ts';
import { zipped } from './zip.ts';

/**
 * Everything that is kept, as one zip in the reference's layout, which `sam2rad train` reads once it is unpacked:
 * accepted pictures in imgs/ and gts/, the others beside them where no training looks. Class numbers of several kinds of
 * pictures mean different things: then each kind has a folder of its own around imgs/ and gts/.
 */
export async function exported(index: WorkspaceIndex, read: (path: string) => Promise<Blob>): Promise<File> {
  const files = new Map<string, Blob>();
  const put = async (path: string, from: string) => {
    files.set(path, await read(from));
    return path;
  };
  const folders = foldersOf(index.pictures.filter(isTruth));
  const pictures: KeptPicture[] = [];
  for (const picture of index.pictures) {
    const { key, labels } = picture;
    const folder = folders.get(groupOf(picture)) ?? '';
    const [images, masks] = isTruth(picture) ? [`${folder}imgs`, `${folder}gts`] : ['others', 'drafts'];
    const file = await put(`${images}/${nameOf(picture.file)}`, picture.file);
    const own = labels && { ...labels, file: await put(`${masks}/${key}.png`, labels.file) };
    pictures.push({ ...picture, file, labels: own });
  }
  const models = [];
  for (const model of index.models)
    models.push({ ...model, file: await put(`models/${model.name}`, model.file) });
  const log = index.log === null ? null : await put('log.json', index.log);
  // A training that is paused stays where it is.
  const exportedIndex: WorkspaceIndex = { ...index, pictures, models, log, inUse: null, run: null };
  files.set(INDEX, new Blob([JSON.stringify(exportedIndex, null, 2)]));
  return new File([await zipped(files)], 'sam2rad-workspace.zip', { type: 'application/zip' });
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

const isTruth = ({ labels }: KeptPicture) => labels?.status === 'accepted';

const groupOf = ({ group = USER_GROUP }: KeptPicture) => group;

/** The folder of each kind of pictures; none where all are of one kind. */
function foldersOf(pictures: readonly KeptPicture[]): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  const groups = new Set(pictures.map(groupOf));
  if (groups.size < 2) return folders;
  const taken = new Set<string>();
  for (const group of groups) {
    const name = freeName(group.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-'), taken);
    taken.add(name);
    folders.set(group, `${name}/`);
  }
  return folders;
}
