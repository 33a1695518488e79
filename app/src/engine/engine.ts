import type { LoadProgress } from '../../../src/index.ts';
import { sentenceOf } from '../sentence.ts';
import { MODEL_GROUP } from '../state/classes.ts';
import type { Notice } from '../state/session.ts';
import type { Store } from '../state/store.ts';
import { EngineClient, type WorkerLike } from './client.ts';
import { Recovery } from './recovery.ts';

/** Where a model came from: kept, so that it can be loaded again after the device was lost. */
export interface ModelSource {
  readonly source: string | Blob;
  readonly name: string;
}

const LOST = 'The graphics device was lost.';
const PAUSE_MS = 1000;

/** The engine in its worker, and the model in it. */
export class Engine {
  readonly #store: Store;
  readonly #createWorker: () => WorkerLike;
  readonly #recovery = new Recovery();
  #client: EngineClient;
  #source: ModelSource | null = null;
  #loading: AbortController | null = null;
  /** The loss of a device is told by everything that waits for it; the first one counts. */
  #recovering = false;
  /** Counts models: what was opened with an earlier one is gone. */
  epoch = 0;

  constructor(store: Store, createWorker: () => WorkerLike) {
    this.#store = store;
    this.#createWorker = createWorker;
    this.#client = this.#connect();
  }

  get client(): EngineClient {
    return this.#client;
  }

  /** Where the model in use came from. */
  get source(): ModelSource | null {
    return this.#source;
  }

  /** The weights of the model in use. @throws where there is none */
  async file(): Promise<File> {
    if (this.#source === null) throw new Error('no model is loaded yet');
    const { source, name } = this.#source;
    return typeof source === 'string'
      ? this.#client.call('file', { address: source })
      : new File([source], name);
  }

  /** Loads a model; the current one stays until this one has come to life. The last call wins. */
  async load(model: ModelSource): Promise<void> {
    try {
      await this.#attempt(model);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Loads the model in use again, as the options have it now. */
  async reload(): Promise<void> {
    if (this.#source !== null) await this.load(this.#source);
  }

  cancelLoad(): void {
    this.#loading?.abort();
    this.#store.dispatch({ type: 'engine/load-failed' });
  }

  /** Shows an error once, and loads the model again where the device or the worker is gone. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const gone = name === 'DeviceLostError' || name === 'WorkerError';
    if (gone && this.#recovering) return;
    if (name === 'UnsupportedError' && this.#store.state.engine.model === null)
      this.#store.dispatch({ type: 'engine/unsupported', reason: message });
    else if (gone && this.#source !== null) void this.#recover(name, this.#source);
    else this.#notice('error', sentenceOf(message));
  }

  /** False where another call took over. @throws what the engine says */
  async #attempt(model: ModelSource): Promise<boolean> {
    this.#loading?.abort();
    const loading = new AbortController();
    const { signal } = loading;
    this.#loading = loading;
    this.#store.dispatch({ type: 'engine/loading', name: model.name });
    const onProgress = (progress: LoadProgress) =>
      this.#store.dispatch({ type: 'engine/progress', progress });
    try {
      const { storage } = this.#store.state.options;
      const loaded = await this.#client.call('load', { ...model, storage }, { signal, onProgress });
      this.#source = model;
      this.epoch += 1;
      if (loaded.hasPredictor)
        this.#store.dispatch({ type: 'class/list', group: MODEL_GROUP, names: loaded.classes });
      this.#store.dispatch({ type: 'engine/loaded', model: loaded });
      if (loaded.warnings.length > 0) this.#notice('info', loaded.warnings.map(sentenceOf).join(' '));
      else this.#store.dispatch({ type: 'session/notice', notice: null });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#store.dispatch({ type: 'engine/load-failed' });
      throw error;
    }
  }

  /** The prompts are in the store, so a model that is loaded again shows the same masks again. */
  async #recover(reason: string, source: ModelSource): Promise<void> {
    this.#recovering = true;
    this.#store.dispatch({ type: 'engine/lost' });
    if (reason === 'WorkerError') this.#client = this.#connect();
    this.#notice('info', `${LOST} The model is being loaded again; your prompts are kept.`);
    while (this.#recovery.mayTry(performance.now())) {
      try {
        const won = await this.#attempt(source);
        if (won)
          this.#notice('info', `${LOST} The model has been loaded again; your prompts are still there.`);
        this.#recovering = false;
        return;
      } catch {
        // The browser needs a moment to start its GPU process again.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    this.#recovering = false;
    this.#notice('error', `${LOST} It does not come back: reload this page, or restart the browser.`);
  }

  #connect(): EngineClient {
    const client = new EngineClient(this.#createWorker());
    client.onLost = (error) => this.fail(error);
    return client;
  }

  #notice(tone: Notice['tone'], text: string): void {
    this.#store.dispatch({ type: 'session/notice', notice: { tone, text } });
  }
}
