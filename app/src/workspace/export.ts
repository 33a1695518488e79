import { INDEX, type KeptPicture, type WorkspaceIndex } from './index-file.ts';
import { zipped } from './zip.ts';

/**
 * Everything that is kept, as one zip in the reference's layout, which `sam2rad train` reads once it is unpacked:
 * accepted pictures in imgs/ and gts/, the others beside them where no training looks.
 */
export async function exported(index: WorkspaceIndex, read: (path: string) => Promise<Blob>): Promise<File> {
  const files = new Map<string, Blob>();
  const put = async (path: string, from: string) => {
    files.set(path, await read(from));
    return path;
  };
  const pictures: KeptPicture[] = [];
  for (const picture of index.pictures) {
    const { key, labels } = picture;
    const isTruth = labels?.status === 'accepted';
    const file = await put(`${isTruth ? 'imgs' : 'others'}/${nameOf(picture.file)}`, picture.file);
    const own = labels && {
      ...labels,
      file: await put(`${isTruth ? 'gts' : 'drafts'}/${key}.png`, labels.file),
    };
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
