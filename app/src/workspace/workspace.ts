import { Lane } from '../engine/lane.ts';
import { sentenceOf } from '../sentence.ts';
import { MODEL_GROUP } from '../state/classes.ts';
import type { Notice } from '../state/session.ts';
import type { AppState } from '../state/state.ts';
import type { Curves } from '../state/training.ts';
import type { KeptModel } from '../state/workspace.ts';
import { StorageFullError, WorkspaceError } from './error.ts';
import { freeName } from './free-name.ts';
import { EMPTY_INDEX, indexFromFiles, type KeptRun, parseIndex, type WorkspaceIndex } from './index-file.ts';
import { KeptPictures } from './kept-pictures.ts';
import type { Places } from './restore.ts';
import type { Shelf } from './shelf.ts';

export interface WorkspaceParts extends Places {
  readonly shelf: Shelf;
  /** Asks the browser to keep the storage when disks run full. */
  readonly persist: () => Promise<unknown>;
  /** Bytes that the storage takes; null where the browser does not say. */
  readonly usage: () => Promise<number | null>;
  /** The file of the kept model that is in use. */
  readonly inUse: () => string | null;
}

/** A training that is to begin, with its pictures' ids. */
export interface NewRun extends Pick<KeptRun, 'datasetName' | 'classNames' | 'settings'> {
  readonly base: File;
  readonly training: readonly string[];
  readonly validation: readonly string[];
}

/** Changes that come within this time are written together. */
const QUIET_MS = 800;

const AGAIN = 'load this page again, and export first what you do here meanwhile.';

/** A person's work: it follows the state, writes what changed, and brings it back when the page is loaded again. */
export class Workspace {
  readonly #parts: WorkspaceParts;
  readonly #lane = new Lane();
  readonly #pictures: KeptPictures;
  #opened: WorkspaceIndex = EMPTY_INDEX;
  #serial = 1;
  #run: KeptRun | null = null;
  #log: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPersistent = false;
  /** Whether what is in the page could not be written. */
  #isBehind = false;
  /** Before everything is back in the page, the page is no picture of what is kept. */
  #isRestored = false;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    this.#pictures = new KeptPictures({ ...parts, name: (stem, ending) => this.#name(stem, ending) });
  }

  /** The training that is not at its end. */
  get run(): KeptRun | null {
    return this.#run;
  }

  /** Reads the index, nothing else yet. @returns the model that was in use */
  async open(): Promise<KeptModel | null> {
    const { shelf, store } = this.#parts;
    const found = await this.#look();
    if (found === null) return null;
    const { text, paths } = found;
    try {
      if (text !== null) shelf.written = this.#opened = parseIndex(text);
    } catch (error) {
      this.#opened = indexFromFiles(paths);
      this.#tell(
        'error',
        `${sentenceOf(error)} Pictures and labels were found again by their files; look which of them are to be learned from.`,
      );
    }
    const { serial, run, log, choices, inUse } = this.#opened;
    [this.#serial, this.#run, this.#log] = [serial, run, log];
    const there = new Set(paths);
    const models = this.#opened.models.filter(({ file }) => there.has(file));
    const gone = this.#opened.models.filter(({ file }) => !there.has(file)).map(({ name }) => name);
    if (gone.length > 0) this.#tell('error', `${gone.join(', ')} is not among the kept files any more.`);
    store.dispatch({ type: 'training/choices', change: choices });
    store.dispatch({ type: 'workspace/change', change: { models } });
    return models.find(({ file }) => file === inUse) ?? null;
  }

  /** The index and what there is. Where the storage does not answer nothing may be written: it would be over the work. */
  async #look(): Promise<{ text: string | null; paths: readonly string[] } | null> {
    const { shelf, store } = this.#parts;
    try {
      return { text: await shelf.readIndex(), paths: await shelf.list() };
    } catch (error) {
      shelf.folder = null;
      this.#tell('error', `The kept work cannot be read: ${sentenceOf(error)} It is left as it is; ${AGAIN}`);
      store.dispatch({ type: 'workspace/change', change: { place: 'failed' } });
      return null;
    }
  }

  /** Brings back what was kept, and from then on follows the state. The page's samples are there already. */
  async restore(): Promise<void> {
    const { store } = this.#parts;
    const { pictures, classes, open } = this.#opened;
    for (const [group, names] of Object.entries(classes))
      store.dispatch({ type: 'class/list', group, names });
    const problems = await this.#pictures.restore(pictures, open);
    await this.#restoreLog(problems);
    this.#isRestored = true;
    if (problems.length > 0)
      this.#tell(
        'error',
        `Not everything could be read again: ${problems.join('; ')}. Files that are there stay until the work is erased.`,
      );
    let before = store.state;
    store.subscribe(() => {
      if (hasChanged(before, store.state)) this.touch();
      before = store.state;
    });
    await this.#measure();
  }

  /** Writes soon. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), QUIET_MS);
  }

  /** Writes now; never throws: what cannot be written is said, and stays in memory. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#lane.run(() => this.#save());
  }

  file(path: string): Promise<Blob> {
    return this.#parts.shelf.get(path);
  }

  /**
   * Begins a training: with its base beside it, and with the labels as they are now, whatever becomes of them.
   * @throws WorkspaceError where a picture is not there any more
   */
  async beginRun({ training, validation, base, ...plan }: NewRun): Promise<KeptRun> {
    const run = await this.#lane.run(async () => {
      await this.#collect();
      const file = this.#name('training/base', 'safetensors');
      this.#run = {
        ...plan,
        base: { file, name: base.name },
        training: this.#pictures.forTraining(training),
        validation: this.#pictures.forTraining(validation),
        checkpoint: null,
      };
      this.#parts.shelf.put(file, base);
      return this.#run;
    });
    await this.flush();
    return run;
  }

  /** Changes what is chosen of the open training. */
  changeRun(change: Pick<KeptRun, 'settings'>): KeptRun | null {
    if (this.#run !== null) this.#run = { ...this.#run, ...change };
    return this.#run;
  }

  async saveCheckpoint(step: number, steps: number, data: Blob): Promise<void> {
    if (this.#run === null) return;
    const file = this.#name('training/checkpoint', 'safetensors');
    this.#parts.shelf.put(file, data);
    this.#run = { ...this.#run, checkpoint: { file, step, steps } };
    this.#putLog();
    await this.flush();
  }

  /** Ends the training; with what it made. */
  async endRun(
    model: { readonly data: Blob; readonly facts: Omit<KeptModel, 'file' | 'name' | 'bytes'> } | null,
  ) {
    this.#run = null;
    const added = model && this.addModel(model.data, model.facts);
    this.#putLog();
    await this.flush();
    return added;
  }

  addModel(data: Blob, facts: Omit<KeptModel, 'file' | 'name' | 'bytes'>, name = 'trained'): KeptModel {
    const file = this.#name('models/trained', 'safetensors');
    this.#parts.shelf.put(file, data);
    const stems = this.#parts.store.state.workspace.models.map((model) => stemOf(model.name));
    const free = `${freeName(stemOf(name), new Set(stems))}.safetensors`;
    const model = { ...facts, file, name: free, bytes: data.size };
    this.#parts.store.dispatch({ type: 'workspace/add-model', model });
    return model;
  }

  /** What is in the page, as the index says it. @returns after everything was collected */
  collected(): Promise<WorkspaceIndex> {
    return this.#lane.run(async () => {
      await this.#collect();
      return { ...this.#index(), pictures: this.#pictures.entries() };
    });
  }

  /** Forgets everything that was kept, here and in the storage. */
  async erase(): Promise<void> {
    await this.#lane.run(async () => {
      clearTimeout(this.#timer);
      [this.#run, this.#log] = [null, null];
      this.#pictures.forget();
      await this.#parts.shelf.clear();
    });
    await this.flush();
  }

  async #restoreLog(problems: readonly string[]): Promise<void> {
    const { shelf, store } = this.#parts;
    if (this.#log === null) return;
    try {
      const curves: unknown = JSON.parse(await (await shelf.get(this.#log)).text());
      if (!isCurves(curves)) throw new WorkspaceError(`${this.#log} is damaged`);
      store.dispatch({ type: 'training/curves', curves });
    } catch {
      // The curves are gone, the training is not.
      this.#tell('error', [...problems, `${this.#log} is damaged: the curves start anew`].join('; '));
      this.#log = null;
    }
  }

  async #save(): Promise<void> {
    const { shelf, store } = this.#parts;
    if (!this.#isRestored) return;
    try {
      await this.#collect();
      const index = this.#index();
      const isKept = await shelf.commit(index);
      if (isKept && this.#isBehind) this.#tell('info', 'Everything is kept again.');
      if (isKept) {
        this.#isBehind = false;
        store.dispatch({ type: 'workspace/change', change: { place: 'kept' } });
      }
      if (isKept && !this.#isPersistent && index.pictures.length + index.models.length > 0) {
        this.#isPersistent = true;
        await this.#parts.persist();
      }
      await this.#measure();
    } catch (error) {
      this.#cannotKeep(error);
    }
  }

  /** Said once: the same will be tried with every change. */
  #cannotKeep(error: unknown): void {
    const { store } = this.#parts;
    const isFull = error instanceof StorageFullError;
    if (!this.#isBehind || isFull !== (store.state.workspace.place === 'full'))
      this.#tell(
        'error',
        isFull
          ? "The browser's storage is full. What was kept is safe; what comes now is lost when this page is closed. Export it, or delete models."
          : `The work could not be written: ${sentenceOf(error)} It is still in this page; export it.`,
      );
    this.#isBehind = true;
    store.dispatch({ type: 'workspace/change', change: { place: isFull ? 'full' : 'failed' } });
  }

  async #measure(): Promise<void> {
    this.#parts.store.dispatch({ type: 'workspace/change', change: { usage: await this.#parts.usage() } });
  }

  async #collect(): Promise<void> {
    const { training = [], validation = [] } = this.#run ?? {};
    await this.#pictures.collect([...training, ...validation].map(({ name }) => name));
  }

  #index(): WorkspaceIndex {
    const { state } = this.#parts.store;
    const classes = Object.entries(state.classes.lists)
      .filter(([group]) => group !== MODEL_GROUP)
      .map(([group, list]) => [group, list.map(({ name }) => name)] as const);
    return {
      ...EMPTY_INDEX,
      serial: this.#serial,
      pictures: this.#pictures.all(),
      open: this.#pictures.keyOf(state.library.open ?? ''),
      classes: Object.fromEntries(classes),
      models: state.workspace.models,
      inUse: this.#parts.inUse(),
      choices: state.training.choices,
      run: this.#run,
      log: this.#log,
    };
  }

  #putLog(): void {
    const { curves } = this.#parts.store.state.training;
    this.#log = this.#name('training/log', 'json');
    this.#parts.shelf.put(this.#log, new Blob([JSON.stringify(curves)]));
  }

  /** A name that no file has had. */
  #name(stem: string, ending: string): string {
    return `${stem}.${this.#serial++}.${ending}`;
  }

  #tell(tone: Notice['tone'], text: string): void {
    const { store } = this.#parts;
    const earlier = store.state.workspace.message;
    const both = earlier?.tone === tone && !earlier.text.includes(text) ? `${earlier.text} ${text}` : text;
    store.dispatch({ type: 'workspace/change', change: { message: { tone, text: both } } });
  }
}

function hasChanged(a: AppState, b: AppState): boolean {
  return (
    a.library !== b.library ||
    a.labels !== b.labels ||
    a.classes.lists !== b.classes.lists ||
    a.training.choices !== b.training.choices ||
    a.workspace.models !== b.workspace.models ||
    a.engine.model?.name !== b.engine.model?.name
  );
}

function isCurves(value: unknown): value is Curves {
  if (typeof value !== 'object' || value === null) return false;
  if (!('events' in value && 'classNames' in value)) return false;
  const { events, classNames } = value;
  return Array.isArray(classNames) && Array.isArray(events) && events.every((event) => event?.kind);
}

function stemOf(name: string): string {
  return name.replace(/\.safetensors$/, '');
}
