import { expect, test } from 'vitest';
import { type Starting, start } from '../../app/src/start.ts';
import { createStore } from '../../app/src/state/store.ts';

function parts(change: Partial<Starting> = {}) {
  const store = createStore();
  const calls: string[] = [];
  const starting: Starting = {
    store,
    engine: { fail: () => void calls.push('fail'), source: null },
    work: {
      begin: async () => null,
      use: async () => undefined,
      restore: async () => void calls.push('restore'),
    },
    app: { loadDemo: () => void calls.push('demo'), openPicture: (id) => void calls.push(`open ${id}`) },
    samples: async () => {
      const picture = { id: 'a', name: 'A', stem: 'a', group: 'Bone', thumbnail: '', size: null };
      const pictures = [{ ...picture, removable: false, exampleBoxes: [] }];
      return { pictures, classes: new Map([['Bone', ['Bone']]]) };
    },
    hasWebGpu: true,
    address: new URL('http://localhost/'),
    ...change,
  };
  return { starting, store, calls };
}

test('a model, the samples, what was kept, and then the first picture', async () => {
  const { starting, store, calls } = parts();
  await start(starting);
  expect(calls).toEqual(['demo', 'restore', 'open a']);
  expect(store.state.classes.lists['Bone']).toHaveLength(1);
});

test('samples that are missing are said, and what was kept comes all the same', async () => {
  const samples = () => Promise.reject(new Error('manifest.json is missing on the server (404)'));
  const { starting, store, calls } = parts({ samples });
  await start(starting);
  expect(calls).toEqual(['demo', 'restore']);
  expect(store.state.workspace.message?.text).toBe(
    'The sample pictures are not there: manifest.json is missing on the server (404). Your own work is.',
  );
});
