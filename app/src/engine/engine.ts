import type { LoadProgress } from '../../../src/index.ts';
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

/** The engine in its worker, and the model in it. */
export class Engine {
  readonly #store: Store;
  readonly #createWorker: () => WorkerLike;
  readonly #recovery = new Recovery();
  #client: EngineClient;
  #source: ModelSource | null = null;
  #loading: AbortController | null = null;
  /** Counts models: what was opened with an earlier one is gone. */
  epoch = 0;

  constructor(store: Store, createWorker: () => WorkerLike) {
    this.#store = store;
    this.#createWorker = createWorker;
    this.#client = new EngineClient(createWorker());
  }

  get client(): EngineClient {
    return this.#client;
  }

  /** Loads a model; the current one stays until this one has come to life. The last call wins. */
  async load(model: ModelSource): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    const { signal } = loading;
    this.#loading = loading;
    this.#store.dispatch({ type: 'engine/loading', name: model.name });
    try {
      const onProgress = (progress: LoadProgress) =>
        this.#store.dispatch({ type: 'engine/progress', progress });
      const loaded = await this.#client.call('load', { ...model }, { signal, onProgress });
      this.#source = model;
      this.epoch += 1;
      if (loaded.hasPredictor)
        this.#store.dispatch({ type: 'class/list', group: MODEL_GROUP, names: loaded.classes });
      this.#store.dispatch({ type: 'engine/loaded', model: loaded });
      this.#notice(loaded.warnings.length > 0 ? { tone: 'info', text: loaded.warnings.join(' ') } : null);
    } catch (error) {
      if (signal.aborted) return;
      this.#store.dispatch({ type: 'engine/load-failed' });
      this.fail(error);
    }
  }

  cancelLoad(): void {
    this.#loading?.abort();
    this.#store.dispatch({ type: 'engine/load-failed' });
  }

  /** Shows an error once, and loads the model again where the device or the worker is gone. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const gone = name === 'DeviceLostError' || name === 'WorkerError';
    if (name === 'UnsupportedError' && this.#store.state.engine.model === null)
      this.#store.dispatch({ type: 'engine/unsupported', reason: message });
    else if (gone && this.#source !== null && this.#recovery.mayTry(performance.now())) this.#recover(name);
    else this.#notice({ tone: 'error', text: sentence(message) });
  }

  #recover(reason: string): void {
    const source = this.#source;
    if (source === null) return;
    if (reason === 'WorkerError') this.#client = new EngineClient(this.#createWorker());
    this.#store.dispatch({ type: 'engine/lost' });
    void this.load(source).then(() => {
      if (this.#store.state.engine.model === null) return;
      this.#notice({
        tone: 'info',
        text: 'The graphics device was lost. The model has been loaded again; your prompts are still there.',
      });
    });
    this.#notice({
      tone: 'info',
      text: 'The graphics device was lost. The model is being loaded again; your prompts are kept.',
    });
  }

  #notice(notice: Notice | null): void {
    this.#store.dispatch({ type: 'session/notice', notice });
  }
}

/** With a capital and a full stop: engine messages begin with the name of a thing. */
function sentence(message: string): string {
  const text = message.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
