import { browserTuning, download, loadModel, type Model } from '../../src/index.ts';
import { copyMemory, describeModel, describeScene } from './engine/describe.ts';
import { Lane } from './engine/lane.ts';
import { predictScene } from './engine/predict-scene.ts';
import type { CallName, Calls, Reply, Request } from './engine/protocol.ts';
import { Sessions } from './engine/sessions.ts';
import { TrainingHost } from './training/worker.ts';

/**
 * The engine's own thread: it owns the device, the model and the pictures' features. The page only sends calls.
 * A training runs in a second thread of the same code, with a device of its own.
 * Its code is inlined into the page's, because a worker that comes from a blob is bound by the page's security
 * policy, and one that comes from an address is not.
 */

type Handlers = {
  [Name in CallName]: (
    input: Calls[Name]['in'],
    signal: AbortSignal,
    onProgress: (progress: Calls[Name]['progress']) => void,
  ) => Promise<Calls[Name]['out']>;
};

const sessions = new Sessions();
const lane = new Lane();
const tuning = browserTuning();
const trainings = new TrainingHost(tuning);
const running = new Map<number, AbortController>();
let current: Model | null = null;
/** The weights that came from an address: stored another way, or on a new device, they are not asked for again. */
let kept: { readonly address: string; readonly file: File } | null = null;

const handlers: Handlers = {
  async load({ source, name, storage }, signal, onProgress) {
    const file = typeof source === 'string' ? await fileAt(source, name, { signal, onProgress }) : source;
    const model = await loadModel(file, {
      ...{ signal, onProgress, tuning },
      ...(storage !== 'auto' && { storage }),
    });
    model.lost.then(({ message }) => current === model && answer({ kind: 'lost', message }));
    // Only a model that came to life takes the old one's place, and not while that one is at work.
    await lane.run(async () => {
      sessions.clear();
      const previous = current;
      current = model;
      previous?.dispose();
    });
    return describeModel(model, name);
  },

  open: ({ picture, bitmap }, signal, onProgress) =>
    lane.run(async () => {
      const model = loaded();
      const memory = () => copyMemory(model.memory);
      const kept = sessions.use(picture);
      if (kept) return { milliseconds: kept.encodeMilliseconds, memory: memory() };
      const start = performance.now();
      const session = await model.setImage(bitmap, { signal, onProgress });
      const { encodeMilliseconds } = sessions.add(picture, session, performance.now() - start);
      return { milliseconds: encodeMilliseconds, memory: memory() };
    }, signal),

  predict: ({ picture, scene }, signal) =>
    lane.run(async () => {
      const model = loaded();
      const open = sessions.use(picture);
      if (open === null) throw new Error('this picture is not open any more: select it again');
      const { masks, milliseconds } = await predictScene(open, scene, signal);
      return { ...describeScene(masks, open.session), milliseconds, memory: copyMemory(model.memory) };
    }, signal),

  forget: ({ picture }) =>
    lane.run(async () => {
      sessions.forget(picture);
      return null;
    }),

  async file({ address }) {
    if (kept?.address !== address) throw new Error('the model of this address is not loaded any more');
    return kept.file;
  },

  train: (input, signal, onProgress) => trainings.train(input, signal, onProgress),
  reference: ({ model }) => trainings.reference(model),
  async pause() {
    trainings.pause();
    return null;
  },
};

async function fileAt(address: string, name: string, options: Parameters<typeof download>[1]): Promise<Blob> {
  if (kept?.address === address) return kept.file;
  const file = new File([await download(address, options)], name);
  kept = { address, file };
  return file;
}

function loaded(): Model {
  if (current === null) throw new Error('no model is loaded yet');
  return current;
}

function answer(reply: Reply, transfer: Transferable[] = []): void {
  self.postMessage(reply, { transfer });
}

async function serve<Name extends CallName>(id: number, call: Name, input: Calls[Name]['in']): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  const onProgress = (progress: Calls[Name]['progress']) => answer({ id, kind: 'progress', progress });
  try {
    const output = await handlers[call](input, signal, onProgress);
    answer(
      { id, kind: 'done', output },
      output !== null && 'classMap' in output ? [output.classMap.buffer] : [],
    );
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer({ id, kind: 'failed', name, message });
  } finally {
    running.delete(id);
    // The page keeps its own copy of the picture.
    if ('bitmap' in input) input.bitmap.close();
  }
}

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.call === 'cancel') running.get(data.id)?.abort();
  else void serve(data.id, data.call, data.input);
});
