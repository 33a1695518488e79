import { listed } from '../../../src/evaluation.ts';
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

type Finding = 'something' | 'nothing';

/** What it comes to. */
interface Outcome {
  readonly drafts: Finding[];
  /** Names of pictures that could not be read. */
  readonly damaged: string[];
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
    const outcome: Outcome = { drafts: [], damaged: [] };
    try {
      for (const [done, picture] of pictures.entries()) {
        store.dispatch({ type: 'rest/progress', done, total: pictures.length });
        if (signal.aborted || engine.epoch !== epoch) break;
        if (this.#isWanted(picture)) await this.#attempt(picture, signal, outcome);
      }
      this.#say(summary(outcome, engine.epoch !== epoch));
    } catch (error) {
      // A picture that the model before has encoded is not open any more.
      const modelChanged = engine.epoch !== epoch;
      if (signal.aborted || modelChanged) this.#say(summary(outcome, modelChanged));
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

  /** One damaged picture is no reason to leave the others. */
  async #attempt(picture: Picture, signal: AbortSignal, { drafts, damaged }: Outcome): Promise<void> {
    try {
      const draft = await this.#segment(picture, signal);
      if (draft) drafts.push(draft);
    } catch (error) {
      // By its name: the engine's own come from another thread.
      if (!(error instanceof Error) || error.name !== 'PictureError') throw error;
      if (this.#isWanted(picture)) damaged.push(picture.name);
    }
  }

  /** What the picture's new draft holds; null where a person was faster. */
  async #segment(picture: Picture, signal: AbortSignal): Promise<Finding | null> {
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
    if (!this.#isWanted(picture)) return null;
    editor.replace({ picture: picture.id, size }, classMap);
    return classMap.some((classNumber) => classNumber > 0) ? 'something' : 'nothing';
  }

  #say(text: string): void {
    this.#targets.store.dispatch({ type: 'session/notice', notice: { tone: 'info', text } });
  }
}

function summary({ drafts, damaged }: Outcome, modelChanged: boolean): string {
  const { length } = drafts;
  const made = length === 1 ? '1 picture has a new draft' : `${length} pictures have new drafts`;
  const empty = drafts.filter((finding) => finding === 'nothing').length;
  const found = empty > 0 ? `; in ${empty} of them nothing was found` : '';
  const why = modelChanged ? ' Another model was loaded, so the rest was left.' : '';
  const left = damaged.length > 0 ? ` Left out, because it could not be read: ${listed(damaged)}.` : '';
  return `${made}${found}.${left}${why} Look at each, correct it, and accept it (A) or reject it (R).`;
}
