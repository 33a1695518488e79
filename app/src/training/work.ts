import { EngineClient } from '../engine/client.ts';
import type { Engine } from '../engine/engine.ts';
import { save } from '../export/download.ts';
import type { LabelMaps } from '../labels/label-maps.ts';
import type { PictureFiles } from '../pictures/files.ts';
import { sentenceOf } from '../sentence.ts';
import { MODEL_GROUP } from '../state/classes.ts';
import type { Store } from '../state/store.ts';
import type { KeptModel } from '../state/workspace.ts';
import { exported } from '../workspace/export.ts';
import { openOpfs } from '../workspace/folder.ts';
import { importZip } from '../workspace/import.ts';
import { takeLock } from '../workspace/lock.ts';
import { Shelf } from '../workspace/shelf.ts';
import { Workspace } from '../workspace/workspace.ts';
import { ClassesSeen } from './class-counts.ts';
import { TrainingController, type TrainingWorker } from './controller.ts';

export interface WorkParts {
  readonly store: Store;
  readonly engine: Engine;
  readonly files: PictureFiles;
  readonly maps: LabelMaps;
  readonly createWorker: () => TrainingWorker;
  /** Takes the labels of a picture away, with their past. */
  readonly forgetLabels: (picture: string) => void;
  readonly removePicture: (picture: string) => void;
}

const FOLDER = 'sam2rad';
/** For the page's former self to let go of the storage when it is loaded again. */
const PATIENCE_MS = 1500;
const ERASE =
  'Erase all pictures, labels, models and the training that are kept in this browser? This cannot be undone.';
const CANCEL = 'End this training and forget what it has learned so far?';

/** Keeping and training, put together: what the panel's last cards and the page's start ask for. */
export class Work {
  readonly training: TrainingController;
  readonly seen: ClassesSeen;
  readonly #parts: WorkParts;
  readonly #workspace: Workspace;
  readonly #shelf = new Shelf();
  /** The model in use, if it is a kept one: its entry, and the very file that the engine was given. */
  #used: { readonly model: KeptModel; readonly file: Blob } | null = null;

  constructor(parts: WorkParts) {
    const { store, engine, files, maps, createWorker } = parts;
    this.#parts = parts;
    this.seen = new ClassesSeen(maps);
    this.#workspace = new Workspace({
      ...{ store, files, maps, shelf: this.#shelf },
      persist: async () => navigator.storage.persist?.(),
      usage: async () => (await navigator.storage?.estimate?.())?.usage ?? null,
      inUse: () => this.inUse?.file ?? null,
    });
    this.training = new TrainingController({
      ...{ store, createWorker },
      workspace: this.#workspace,
      seen: this.seen,
      base: () => engine.file(),
      use: (model) => this.use(model),
      lock: () => takeLock('sam2rad training'),
    });
  }

  /** The kept model that is in use; one that was deleted or erased is still loaded, but no longer kept. */
  get inUse(): KeptModel | null {
    const { store, engine } = this.#parts;
    if (this.#used === null || engine.source?.source !== this.#used.file) return null;
    const { model } = this.#used;
    return store.state.workspace.models.some(({ file }) => file === model.file) ? model : null;
  }

  /** Opens the storage. @returns the model that was in use */
  async begin(): Promise<KeptModel | null> {
    // Private windows have none, or refuse it.
    this.#shelf.folder = await openOpfs(FOLDER).catch(() => null);
    return this.#workspace.open();
  }

  /** Brings back the kept work, over the page's samples; from then on it is kept up to date. */
  async restore(): Promise<void> {
    const { store } = this.#parts;
    const isFirst = (await takeLock('sam2rad workspace', PATIENCE_MS)) !== null;
    this.#shelf.mayWrite = isFirst;
    const hasFailed = store.state.workspace.place === 'failed';
    const there = isFirst ? 'kept' : 'elsewhere';
    const place = hasFailed ? 'failed' : this.#shelf.folder === null ? 'memory' : there;
    await this.#workspace.restore();
    store.dispatch({ type: 'workspace/change', change: { place } });
    this.training.restore();
    // The last moment in which a browser lets a page write.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.#workspace.flush();
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#wouldBeLost()) event.preventDefault();
    });
  }

  #wouldBeLost(): boolean {
    const { workspace, labels } = this.#parts.store.state;
    return workspace.place !== 'kept' && (workspace.models.length > 0 || Object.keys(labels).length > 0);
  }

  /** As a person asks for it: what goes wrong is said. */
  async choose(model: KeptModel): Promise<void> {
    try {
      await this.use(model);
    } catch (error) {
      this.#say('error', sentenceOf(error));
    }
  }

  /** @throws WorkspaceError where its file is gone */
  async use(model: KeptModel): Promise<void> {
    const { store, engine } = this.#parts;
    const file = await this.#workspace.file(model.file);
    this.#used = { model, file };
    await engine.load({ source: file, name: model.name });
    const { notice } = store.state.session;
    // Where it could not be loaded another model comes, and takes the engine's notice away.
    if (this.inUse === null) {
      if (notice?.tone === 'error') this.#say('error', `${model.name}: ${notice.text}`);
      return;
    }
    if (model.classNames.length > 0)
      store.dispatch({ type: 'class/list', group: MODEL_GROUP, names: model.classNames });
    store.dispatch({ type: 'options', change: { mode: 'auto' } });
    this.#workspace.touch();
  }

  /** @param layout reference: the keys of PyTorch's reference, made in a thread of its own */
  async download({ file, name }: KeptModel, layout: 'canonical' | 'reference'): Promise<void> {
    await this.#busy('Writing the model', async () => {
      const model = await this.#workspace.file(file);
      if (layout === 'canonical') return save(new File([model], name));
      const stem = name.replace(/\.safetensors$/, '');
      save(new File([await this.#inReferenceLayout(model)], `${stem}-reference.safetensors`));
    });
  }

  async #inReferenceLayout(model: Blob): Promise<Blob> {
    const worker = this.#parts.createWorker();
    try {
      return await new EngineClient(worker).call('reference', { model });
    } finally {
      worker.terminate();
    }
  }

  deleteModel({ file, name }: KeptModel): void {
    if (!window.confirm(`Delete ${name}? This cannot be undone.`)) return;
    this.#parts.store.dispatch({ type: 'workspace/remove-model', file });
  }

  cancelTraining(): void {
    const { run } = this.#parts.store.state.training;
    if (run !== null && (run.step === 0 || window.confirm(CANCEL))) void this.training.cancel();
  }

  async export(): Promise<void> {
    await this.#busy('Packing', async () => {
      const index = await this.#workspace.collected();
      save(await exported(index, (path) => this.#workspace.file(path)));
    });
  }

  async import(zips: readonly File[]): Promise<void> {
    await this.#busy('Unpacking', async () => {
      const [came, failed]: [string[], string[]] = [[], []];
      for (const zip of zips)
        try {
          came.push(await importZip(zip, this.#workspace, this.#parts));
        } catch (error) {
          failed.push(sentenceOf(error));
        }
      this.#say(failed.length > 0 ? 'error' : 'info', [...failed, ...came].join(' '));
    });
  }

  async erase(): Promise<void> {
    const { store, forgetLabels, removePicture } = this.#parts;
    if (!window.confirm(ERASE)) return;
    await this.#busy('Erasing', async () => {
      if (store.state.training.run) await this.training.cancel();
      for (const { id, removable } of store.state.library.pictures) {
        forgetLabels(id);
        if (removable) removePicture(id);
      }
      for (const { file } of store.state.workspace.models)
        store.dispatch({ type: 'workspace/remove-model', file });
      store.dispatch({ type: 'training/curves', curves: { classNames: [], events: [] } });
      await this.#workspace.erase();
      this.#say('info', 'All work was erased from this browser.');
    });
  }

  async #busy(words: string, task: () => Promise<void>): Promise<void> {
    const { store } = this.#parts;
    store.dispatch({ type: 'workspace/change', change: { busy: words, message: null } });
    try {
      await task();
    } catch (error) {
      this.#say('error', sentenceOf(error));
    }
    store.dispatch({ type: 'workspace/change', change: { busy: null } });
  }

  #say(tone: 'error' | 'info', text: string): void {
    this.#parts.store.dispatch({ type: 'workspace/change', change: { message: { tone, text } } });
  }
}
