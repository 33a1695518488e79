import { StorageFullError, WorkspaceError } from './error.ts';
import type { Folder } from './folder.ts';
import { filesGivenUp, filesOf, INDEX, type WorkspaceIndex } from './index-file.ts';

/**
 * The files of the work. What is put here is in memory until a commit has brought it into the folder, index last: so
 * the folder holds the work as it was at one moment, whatever interrupts. Without a folder to write to, memory it stays.
 */
export class Shelf {
  /** Where it goes; null before it is open, and where there is none. */
  folder: Folder | null = null;
  /** Whether this tab is the one that writes. */
  mayWrite = false;
  readonly #pending = new Map<string, Blob>();
  /** The index that is in the folder. */
  written: WorkspaceIndex | null = null;

  put(path: string, data: Blob): void {
    this.#pending.set(path, data);
  }

  /** @throws WorkspaceError where there is none */
  async get(path: string): Promise<Blob> {
    const found = this.#pending.get(path) ?? (await this.folder?.read(path)) ?? null;
    if (found === null) throw new WorkspaceError(`${path} is not among the kept files any more`);
    return found;
  }

  list(): Promise<string[]> {
    return this.folder?.list() ?? Promise.resolve([]);
  }

  /** The index as it was written, or null. */
  async readIndex(): Promise<string | null> {
    return (await (await this.folder?.read(INDEX))?.text()) ?? null;
  }

  /**
   * Brings the folder to this index: new files, the index, and away with what it no longer names.
   * @returns whether it is in the folder now
   * @throws StorageFullError: the folder is as it was, and what is new stays in memory
   */
  async commit(index: WorkspaceIndex): Promise<boolean> {
    const named = filesOf(index);
    for (const path of [...this.#pending.keys()]) if (!named.has(path)) this.#pending.delete(path);
    const { folder } = this;
    if (folder === null || !this.mayWrite) return false;
    if (this.#pending.size === 0 && JSON.stringify(index) === JSON.stringify(this.written)) return true;
    try {
      await this.#write(index, named, folder);
    } catch (error) {
      // What a person has given up makes room: models above all.
      const last = this.written && filesGivenUp(this.written, index);
      if (!(error instanceof StorageFullError) || !last?.size) throw error;
      for (const path of last) if ((await folder.read(path)) !== null) await folder.remove(path);
      await this.#write(index, named, folder);
    }
    this.written = index;
    for (const path of await folder.list()) if (path !== INDEX && !named.has(path)) await folder.remove(path);
    return true;
  }

  /** What came since the index was made waits for the next one: this one would have it taken away again. */
  async #write(index: WorkspaceIndex, named: ReadonlySet<string>, folder: Folder): Promise<void> {
    for (const [path, data] of [...this.#pending]) {
      if (!named.has(path)) continue;
      await folder.write(path, data);
      if (this.#pending.get(path) === data) this.#pending.delete(path);
    }
    await folder.write(INDEX, new Blob([JSON.stringify(index, null, 1)]));
  }

  async clear(): Promise<void> {
    this.#pending.clear();
    this.written = null;
    if (this.folder === null || !this.mayWrite) return;
    // The index first: without it the rest is nothing.
    for (const path of [INDEX, ...(await this.folder.list())])
      if ((await this.folder.read(path)) !== null) await this.folder.remove(path);
  }
}
