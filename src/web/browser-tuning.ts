/** Keeps what was tuned in this site's IndexedDB: the `tuning` of `loadModel` in a page or a Worker. */
export function browserTuning(name = 'sam2rad tuning') {
  return {
    read: (): Promise<string | null> =>
      withStore(name, 'readonly', (store) => store.get(KEY)).then((text) =>
        typeof text === 'string' ? text : null,
      ),
    write: async (text: string): Promise<void> => {
      await withStore(name, 'readwrite', (store) => store.put(text, KEY));
    },
  };
}

const STORE = 'kernels';
const KEY = 'tuned';

/** Runs one request to the end of its transaction, and closes the database again: a page that is left open must not keep a newer one waiting. */
async function withStore(
  name: string,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await result(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    // A request succeeds before anything is on the disk, which may have no room for it.
    const done = completed(transaction);
    const [answer] = await Promise.all([result(ask(transaction.objectStore(STORE))), done]);
    return answer;
  } finally {
    database.close();
  }
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the browser took it back'));
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
