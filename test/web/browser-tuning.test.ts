import { afterEach, expect, test, vi } from 'vitest';
import { browserTuning } from '../../src/web/browser-tuning.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** As much of IndexedDB as is used; each transaction ends after its request has succeeded. */
function fakeIndexedDB(end: 'complete' | DOMException) {
  const kept = new Map<string, unknown>();
  const open = { databases: 0 };
  const answered = (result: unknown, after = () => {}) => {
    const request = { result, onsuccess: () => {}, onupgradeneeded: () => {} };
    setTimeout(() => {
      request.onupgradeneeded();
      request.onsuccess();
      setTimeout(after);
    });
    return request;
  };
  const transaction = () => {
    const one = { error: end === 'complete' ? null : end, oncomplete: () => {}, onabort: () => {} };
    const finish = () => (end === 'complete' ? one.oncomplete() : one.onabort());
    const objectStore = () => ({
      get: (key: string) => answered(kept.get(key), finish),
      put: (text: string, key: string) => answered(kept.set(key, text), finish),
    });
    return Object.assign(one, { objectStore });
  };
  const database = {
    ...{ createObjectStore: () => {}, transaction },
    close: () => {
      open.databases -= 1;
    },
  };
  vi.stubGlobal('indexedDB', {
    open: () => {
      open.databases += 1;
      return answered(database);
    },
  });
  return open;
}

test('what is written is read again, and no database stays open', async () => {
  const open = fakeIndexedDB('complete');
  const store = browserTuning();
  expect(await store.read()).toBeNull();
  await store.write('a text');
  expect(await store.read()).toBe('a text');
  expect(open.databases).toBe(0);
});

test('a text that finds no room when the transaction ends is not taken for written', async () => {
  const open = fakeIndexedDB(new DOMException('there is no room', 'QuotaExceededError'));
  await expect(browserTuning().write('a text')).rejects.toThrow('there is no room');
  expect(open.databases).toBe(0);
});
