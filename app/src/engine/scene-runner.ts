import type { PictureFiles } from '../pictures/files.ts';
import { openPicture, sceneOf } from '../state/select.ts';
import { IDLE } from '../state/session.ts';
import type { Store } from '../state/store.ts';
import type { EngineClient } from './client.ts';

/** What is needed of the engine, so that a test can be one. */
export interface EngineLike {
  readonly client: Pick<EngineClient, 'call'>;
  /** Another number for each model. */
  readonly epoch: number;
  fail(error: unknown): void;
}

/**
 * Keeps the masks on show equal to the state: whatever changes the open picture, the model or the prompts,
 * the picture is decoded and encoded where that is needed, and the scene is predicted again. The last change
 * wins: what it has made useless is cancelled.
 */
export class SceneRunner {
  /** The picture on show; null until it is decoded. */
  bitmap: ImageBitmap | null = null;
  onBitmap: (bitmap: ImageBitmap | null) => void = () => undefined;

  readonly #store: Store;
  readonly #engine: EngineLike;
  readonly #files: Pick<PictureFiles, 'decode'>;
  /** Which picture and model were last asked for, and which scene of it. */
  #target = '';
  #scene = '';
  #encoded = false;
  #decodedPicture: string | null = null;
  #opening = new AbortController();
  #predicting = new AbortController();
  #scheduled = false;

  constructor(store: Store, engine: EngineLike, files: Pick<PictureFiles, 'decode'>) {
    this.#store = store;
    this.#engine = engine;
    this.#files = files;
    store.subscribe(() => this.#schedule());
  }

  /** After all changes of this moment, not in the middle of them. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#settle();
    });
  }

  #settle(): void {
    const { state } = this.#store;
    const epoch = state.engine.model === null ? 'none' : this.#engine.epoch;
    const target = `${state.library.open ?? ''} ${epoch}`;
    if (target !== this.#target) {
      this.#target = target;
      void this.#open();
    } else if (this.#encoded) void this.#predict();
  }

  async #open(): Promise<void> {
    this.#opening.abort();
    this.#predicting.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#encoded = false;
    this.#scene = '';
    this.#store.dispatch({ type: 'session/reset' });
    try {
      await this.#decode(signal);
      await this.#encode(signal);
      await this.#predict();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  async #decode(signal: AbortSignal): Promise<void> {
    const picture = openPicture(this.#store.state);
    const id = picture?.id ?? null;
    if (id === this.#decodedPicture) return;
    this.#show(null, null);
    if (picture === null) return;
    this.#store.dispatch({ type: 'session/activity', activity: { kind: 'decoding' } });
    const bitmap = await this.#files.decode(picture);
    closeWhereOvertaken(bitmap, signal);
    this.#show(id, bitmap);
    const { width, height } = bitmap;
    this.#store.dispatch({ type: 'library/size', id: picture.id, width, height });
    this.#store.dispatch({ type: 'session/activity', activity: IDLE });
  }

  #show(id: string | null, bitmap: ImageBitmap | null): void {
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.#decodedPicture = id;
    this.onBitmap(bitmap);
  }

  async #encode(signal: AbortSignal): Promise<void> {
    const picture = openPicture(this.#store.state);
    if (picture === null || this.bitmap === null || this.#store.state.engine.model === null) return;
    const onProgress = (done: number) =>
      this.#store.dispatch({ type: 'session/activity', activity: { kind: 'encoding', done } });
    onProgress(0);
    const bitmap = await createImageBitmap(this.bitmap);
    closeWhereOvertaken(bitmap, signal);
    const input = { picture: picture.id, bitmap };
    const { milliseconds, memory } = await this.#engine.client.call('open', input, {
      signal,
      onProgress,
      transfer: [bitmap],
    });
    this.#encoded = true;
    this.#store.dispatch({ type: 'session/encoded', milliseconds });
    this.#store.dispatch({ type: 'engine/memory', memory });
    this.#store.dispatch({ type: 'session/activity', activity: IDLE });
  }

  async #predict(): Promise<void> {
    const { state } = this.#store;
    const { open } = state.library;
    const scene = sceneOf(state);
    const key = JSON.stringify(scene);
    if (!this.#encoded || open === null || key === this.#scene) return;
    this.#scene = key;
    this.#predicting.abort();
    this.#predicting = new AbortController();
    const { signal } = this.#predicting;
    const nothingToDo = scene.mode === 'manual' && scene.prompts.length === 0;
    try {
      this.#store.dispatch({
        type: 'session/activity',
        activity: nothingToDo ? IDLE : { kind: 'predicting' },
      });
      if (nothingToDo) return this.#store.dispatch({ type: 'session/result', result: null });
      const result = await this.#engine.client.call('predict', { picture: open, scene }, { signal });
      this.#store.dispatch({ type: 'session/result', result });
      this.#store.dispatch({ type: 'engine/memory', memory: result.memory });
      this.#store.dispatch({ type: 'session/activity', activity: IDLE });
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#store.dispatch({ type: 'session/activity', activity: IDLE });
    this.#engine.fail(error);
  }
}

/** Nobody else has it yet, and a browser collects decoded pictures late. @throws the signal's reason */
function closeWhereOvertaken(bitmap: ImageBitmap, signal: AbortSignal): void {
  if (signal.aborted) bitmap.close();
  signal.throwIfAborted();
}
