import { greyPng } from '../export/png.ts';
import type { LabelEntry } from '../state/labels.ts';
import type { Picture } from '../state/library.ts';
import { WorkspaceError } from './error.ts';
import { freeName } from './free-name.ts';
import type { KeptPicture, RunPicture } from './index-file.ts';
import { type Places, restorePictures } from './restore.ts';
import type { Shelf } from './shelf.ts';

/** What was kept of a picture. */
interface Kept {
  readonly key: string;
  readonly file: string;
  /** With what the state said of them then: their number may come again. */
  readonly labels: { readonly file: string; readonly entry: LabelEntry } | null;
  /** Labels that could not be read, until there are others. */
  readonly unread: KeptPicture['labels'];
}

interface Parts extends Places {
  readonly shelf: Shelf;
  /** A name that no file has had. */
  readonly name: (stem: string, ending: string) => string;
}

/** The files of the pictures in the strip that are worth keeping: what a person opened, and what is labelled. */
export class KeptPictures {
  readonly #parts: Parts;
  /** By the picture's id. */
  readonly #kept = new Map<string, Kept>();
  /** What could not be read: perhaps it can another time, so that its files stay until the work is erased. */
  #unread: readonly KeptPicture[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Brings back what an index names, and opens the one that was open. @returns sentences about what could not be read */
  async restore(entries: readonly KeptPicture[], open: string | null): Promise<readonly string[]> {
    const { shelf, store } = this.#parts;
    const read = (path: string) => shelf.get(path);
    const { ids, labelled, problems } = await restorePictures(entries, read, this.#parts);
    for (const [kept, id] of ids) {
      const { key, file, labels } = kept;
      const entry = labelled.has(kept) ? store.state.labels[id] : undefined;
      const found = labels && entry ? { file: labels.file, entry } : null;
      this.#kept.set(id, { key, file, labels: found, unread: found ? null : labels });
      if (key === open) store.dispatch({ type: 'library/open', id });
    }
    this.#unread = entries.filter((kept) => !ids.has(kept));
    return problems;
  }

  /**
   * Makes files of pictures and labels that have none yet.
   * @param taken keys that are not to be used
   */
  async collect(taken: readonly string[]): Promise<void> {
    const { store, files, maps, shelf, name } = this.#parts;
    for (const picture of store.state.library.pictures) {
      const entry = store.state.labels[picture.id];
      const bytes = files.bytes(picture.id);
      if ((!picture.removable && !entry) || bytes === undefined) continue;
      const kept = this.#kept.get(picture.id) ?? this.#keep(picture, bytes, taken);
      const map = maps.get(picture.id);
      if (!entry || map === null || kept.labels?.entry === entry) continue;
      const { width = 0, height = 0 } = picture.size ?? {};
      if (map.length !== width * height) continue;
      const png = await greyPng(map, width, height);
      const file = name(`labels/${kept.key}`, 'png');
      shelf.put(file, new Blob([png], { type: 'image/png' }));
      this.#kept.set(picture.id, { ...kept, labels: { file, entry }, unread: null });
    }
  }

  /** Those of the page, as they were collected last. */
  entries(): KeptPicture[] {
    return this.#entries(() => null);
  }

  /** The same, with what could not be read. */
  all(): KeptPicture[] {
    return [...this.#entries(({ unread }) => unread), ...this.#unread];
  }

  #entries(instead: (kept: Kept) => KeptPicture['labels']): KeptPicture[] {
    const { library, labels: states } = this.#parts.store.state;
    return library.pictures.flatMap((picture): KeptPicture[] => {
      const kept = this.#kept.get(picture.id);
      const status = states[picture.id]?.status;
      if (!kept) return [];
      const labels = kept.labels && status ? { file: kept.labels.file, status } : instead(kept);
      if (!picture.removable && !status && !labels) return [];
      const { name, group, removable } = picture;
      return [{ key: kept.key, name, file: kept.file, sample: !removable, group, labels }];
    });
  }

  keyOf(id: string): string | null {
    return this.#kept.get(id)?.key ?? null;
  }

  /** The files of these labelled pictures. @throws WorkspaceError */
  forTraining(ids: readonly string[]): RunPicture[] {
    return ids.map((id) => {
      const kept = this.#kept.get(id);
      const size = this.#parts.store.state.library.pictures.find((picture) => picture.id === id)?.size;
      if (!kept?.labels || !size) throw new WorkspaceError('a labelled picture is not open any more');
      return { name: kept.key, ...size, picture: kept.file, labels: kept.labels.file };
    });
  }

  forget(): void {
    this.#unread = [];
    this.#kept.clear();
  }

  #keep(picture: Picture, bytes: Blob, taken: readonly string[]): Kept {
    const wanted = picture.stem.replaceAll(/[^\p{L}\p{N}_-]+/gu, '-').slice(0, 80) || 'picture';
    const others = [...this.#kept.values(), ...this.#unread].map(({ key }) => key);
    const key = freeName(wanted, new Set([...taken, ...others]));
    const kept = { key, file: `pictures/${key}.${endingOf(bytes, picture)}`, labels: null, unread: null };
    this.#parts.shelf.put(kept.file, bytes);
    this.#kept.set(picture.id, kept);
    return kept;
  }
}

function endingOf({ type }: Blob, { name }: Picture): string {
  const known = /\.(png|jpe?g|webp)$/i.exec(name)?.[1] ?? /^image\/(png|jpeg|webp)$/.exec(type)?.[1];
  return (known ?? 'png').toLowerCase();
}
