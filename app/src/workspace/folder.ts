import { StorageFullError } from './error.ts';

/** A place for files by path, of folders one deep: the browser's own storage, or a test's. */
export interface Folder {
  list(): Promise<string[]>;
  /** null where there is none. */
  read(path: string): Promise<Blob | null>;
  /** Whole or not at all. @throws StorageFullError */
  write(path: string, data: Blob): Promise<void>;
  remove(path: string): Promise<void>;
}

/** A folder of the origin private file system: seen by this page alone, and kept when it is closed. */
export async function openOpfs(name: string): Promise<Folder> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  return new OpfsFolder(root);
}

class OpfsFolder implements Folder {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async list(): Promise<string[]> {
    const paths: string[] = [];
    for await (const [name, handle] of this.#root.entries()) {
      if (handle.kind === 'file') paths.push(name);
      else
        for await (const inner of (handle as FileSystemDirectoryHandle).keys())
          paths.push(`${name}/${inner}`);
    }
    return paths.sort();
  }

  async read(path: string): Promise<Blob | null> {
    try {
      const { folder, name } = await this.#find(path, false);
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return null;
      throw error;
    }
  }

  async write(path: string, data: Blob): Promise<void> {
    let writable: FileSystemWritableFileStream | undefined;
    try {
      const { folder, name } = await this.#find(path, true);
      writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      // What is written goes to a file beside, which takes this one's place when it is closed.
      await writable.write(data);
      await writable.close();
    } catch (error) {
      await writable?.abort().catch(() => undefined);
      if (isNamed(error, 'QuotaExceededError'))
        throw new StorageFullError(`there is no room for ${path}`, { cause: error });
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    const { folder, name } = await this.#find(path, false);
    await folder.removeEntry(name);
  }

  async #find(path: string, create: boolean) {
    const at = path.lastIndexOf('/');
    const folder = at < 0 ? this.#root : await this.#root.getDirectoryHandle(path.slice(0, at), { create });
    return { folder, name: path.slice(at + 1) };
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
