import type { EngineLike } from '../engine/scene-runner.ts';
import type { PictureFiles } from '../pictures/files.ts';
import type { Picture } from '../state/library.ts';
import { classList } from '../state/select.ts';
import type { Store } from '../state/store.ts';
import type { LabelEditor } from './label-editor.ts';

interface Targets {
  readonly store: Store;
  readonly engine: EngineLike;
  readonly files: Pick<PictureFiles, 'decode'>;
  readonly editor: LabelEditor;
}

/** Segments every picture without a label by a trained model, one after the other: what it finds is a draft. */
export class RestRunner {
  readonly #targets: Targets;
  #running = new AbortController();

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  async start(): Promise<void> {
    const { store, engine } = this.#targets;
    if (store.state.rest !== null || !store.state.engine.model?.hasPredictor) return;
    this.#running = new AbortController();
    const { signal } = this.#running;
    const { epoch } = engine;
    const pictures = store.state.library.pictures.filter(({ id }) => store.state.labels[id] === undefined);
    let drafts = 0;
    try {
      for (const [done, picture] of pictures.entries()) {
        store.dispatch({ type: 'rest/progress', done, total: pictures.length });
        if (signal.aborted || engine.epoch !== epoch) break;
        if (this.#isWanted(picture) && (await this.#segment(picture, signal))) drafts += 1;
      }
      this.#say(summary(drafts, engine.epoch !== epoch));
    } catch (error) {
      if (signal.aborted) this.#say(summary(drafts, false));
      else engine.fail(error);
    } finally {
      store.dispatch({ type: 'rest/end' });
    }
  }

  /** What is done stays. */
  cancel(): void {
    this.#running.abort();
  }

  /** A person may have labelled or removed it since. */
  #isWanted({ id }: Picture): boolean {
    const { library, labels } = this.#targets.store.state;
    return labels[id] === undefined && library.pictures.some((picture) => picture.id === id);
  }

  /** Says whether the picture has a draft now. */
  async #segment(picture: Picture, signal: AbortSignal): Promise<boolean> {
    const { store, engine, files, editor } = this.#targets;
    const bitmap = await files.decode(picture);
    const size = { width: bitmap.width, height: bitmap.height };
    store.dispatch({ type: 'library/size', id: picture.id, ...size });
    await engine.client.call('open', { picture: picture.id, bitmap }, { signal, transfer: [bitmap] });
    const scene = {
      mode: 'auto',
      refine: 'learned',
      multimask: false,
      classes: classList(store.state).length,
      prompts: [],
    } as const;
    const { classMap } = await engine.client.call('predict', { picture: picture.id, scene }, { signal });
    // Features of a few pictures stay on the GPU; those of the picture on show must not have to give way.
    if (store.state.library.open !== picture.id)
      await engine.client.call('forget', { picture: picture.id }, { signal });
    if (!this.#isWanted(picture)) return false;
    editor.replace({ picture: picture.id, size }, classMap);
    return true;
  }

  #say(text: string): void {
    this.#targets.store.dispatch({ type: 'session/notice', notice: { tone: 'info', text } });
  }
}

function summary(drafts: number, modelChanged: boolean): string {
  const made = drafts === 1 ? '1 picture has a new draft' : `${drafts} pictures have new drafts`;
  const why = modelChanged ? ' Another model was loaded, so the rest was left.' : '';
  return `${made}.${why} Look at each, correct it, and accept it (A) or reject it (R).`;
}
