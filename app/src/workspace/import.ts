import { MAX_USER_CLASSES, USER_GROUP } from '../state/classes.ts';
import type { Store } from '../state/store.ts';
import { WorkspaceError } from './error.ts';
import {
  EMPTY_INDEX,
  INDEX,
  type KeptPicture,
  parseIndex,
  unknownModel,
  type WorkspaceIndex,
} from './index-file.ts';
import { type Places, restorePictures } from './restore.ts';
import type { Workspace } from './workspace.ts';
import { type OpenZip, openZip } from './zip.ts';

const PICTURE = /\.(?:png|jpe?g|webp)$/i;

/**
 * Adds what a zip holds to the work: one that this page exported, or any with imgs/ and gts/.
 * @returns a sentence about what came, and what did not
 * @throws WorkspaceError where the zip holds no work
 */
export async function importZip(file: File, workspace: Workspace, places: Places): Promise<string> {
  const zip = await openZip(file);
  const hasIndex = zip.paths.includes(INDEX);
  const index = hasIndex
    ? indexIn(file.name, await (await zip.read(INDEX)).text())
    : indexOfFolders(file.name, zip.paths);
  const { ids, problems } = await restorePictures(index.pictures, zip.read, places);
  nameClasses(index, [...ids.values()], places);
  const models = await addModels(index, zip, workspace, places.store);
  openFirst(places.store, [...ids.values()]);
  const all = [...problems, ...models.problems];
  const came = [count(ids.size, 'picture'), ...(models.added > 0 ? [count(models.added, 'model')] : [])];
  const words = `From ${file.name}: ${came.join(' and ')}.`;
  return all.length > 0 ? `${words} Not: ${all.join('; ')}.` : words;
}

/** @throws WorkspaceError that names the zip, and what can still be done with it */
function indexIn(name: string, text: string): WorkspaceIndex {
  try {
    return parseIndex(text);
  } catch (cause) {
    if (!(cause instanceof WorkspaceError)) throw cause;
    throw new WorkspaceError(
      `${name}: ${cause.message}; take that file out of the zip, and its imgs/ and gts/ are read without it`,
      { cause },
    );
  }
}

async function addModels({ models }: WorkspaceIndex, zip: OpenZip, workspace: Workspace, store: Store) {
  const problems: string[] = [];
  let added = 0;
  for (const { file, bytes: _, name, ...facts } of models)
    try {
      const data = await zip.read(file);
      const isHere = store.state.workspace.models.some((own) => own.name === name && own.bytes === data.size);
      if (isHere) continue;
      workspace.addModel(data, facts, name);
      added += 1;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  return { added, problems };
}

/** Pairs of imgs/ and gts/ by the stems of their names; of Train/ where there is one. */
function indexOfFolders(name: string, paths: readonly string[]): WorkspaceIndex {
  const inside = (folder: string) =>
    paths.flatMap((path) => {
      const found = new RegExp(`^((?:.*/)?)${folder}/([^/]+)$`, 'i').exec(path);
      const [, parent, own] = found ?? [];
      return parent === undefined || own === undefined || own.startsWith('.') || parent.startsWith('__MACOSX')
        ? []
        : [{ path, parent, own, stem: own.replace(/\.[^.]+$/, '') }];
    });
  const images = inside('imgs').filter(({ own }) => PICTURE.test(own));
  const isTrain = images.some(({ parent }) => /(^|\/)train\/$/i.test(parent));
  const chosen = images.filter(({ parent }) => !isTrain || /(^|\/)train\/$/i.test(parent));
  const truths = new Map(inside('gts').map(({ path, parent, stem }) => [`${parent}${stem}`, path]));
  const pictures = chosen.map(({ path, parent, own, stem }): KeptPicture => {
    const truth = truths.get(`${parent}${stem}`);
    const labels = truth === undefined ? null : { file: truth, status: 'accepted' as const };
    return { key: stem, name: own, file: path, sample: false, labels };
  });
  const models = paths.filter((path) => /(^|\/)models\/[^/]+\.safetensors$/i.test(path)).map(unknownModel);
  if (pictures.length + models.length === 0)
    throw new WorkspaceError(
      `${name} holds no work: expected folders imgs/ and gts/, or a zip that this page exported`,
    );
  return { ...EMPTY_INDEX, pictures, models };
}

/** The names that came with the pictures, and as many classes as their labels hold. */
function nameClasses({ classes }: WorkspaceIndex, ids: readonly string[], { store, maps }: Places): void {
  const most = ids.reduce(
    (max, id) => Math.max(max, maps.get(id)?.reduce((a, b) => Math.max(a, b), 0) ?? 0),
    0,
  );
  for (const [group, list] of Object.entries(store.state.classes.lists)) {
    const own = list.map(({ name }) => name);
    const came = classes[group] ?? [];
    const needed = group === USER_GROUP ? Math.min(MAX_USER_CLASSES, most) : 0;
    const length = Math.max(own.length, came.length, needed);
    const names = Array.from({ length }, (_, i) => came[i] ?? own[i] ?? `Class ${i + 1}`);
    if (names.some((name, i) => name !== own[i])) store.dispatch({ type: 'class/list', group, names });
  }
}

function openFirst(store: Store, [first]: readonly string[]): void {
  if (first !== undefined) store.dispatch({ type: 'library/open', id: first });
}

const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`;
