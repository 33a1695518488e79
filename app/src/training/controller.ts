import { meanDice } from '../../../src/training.ts';
import { EngineClient, type WorkerLike } from '../engine/client.ts';
import { sentenceOf } from '../sentence.ts';
import type { Store } from '../state/store.ts';
import { validationsOf } from '../state/training.ts';
import type { KeptModel } from '../state/workspace.ts';
import type { KeptRun } from '../workspace/index-file.ts';
import type { Release } from '../workspace/lock.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ClassesSeen } from './class-counts.ts';
import { inputOf } from './input-of.ts';
import { newRun } from './new-run.ts';
import { planOf } from './plan.ts';
import type { TrainOutcome, TrainReport } from './protocol.ts';
import { RunProgress } from './run-progress.ts';

export type TrainingWorker = WorkerLike & { terminate(): void };

type Kept = Pick<Workspace, 'run' | 'beginRun' | 'changeRun' | 'saveCheckpoint' | 'endRun' | 'file'>;

export interface ControllerParts {
  readonly store: Store;
  readonly workspace: Kept;
  readonly seen: ClassesSeen;
  readonly createWorker: () => TrainingWorker;
  /** The weights of the model in use. */
  readonly base: () => Promise<File>;
  /** Takes a trained model into use. */
  readonly use: (model: KeptModel) => Promise<void>;
  /** null where another tab trains. */
  readonly lock: () => Promise<Release>;
  readonly now?: () => number;
}

const ELSEWHERE =
  'Another tab of this page is training. Two at once would share one GPU: wait for it, or pause it there.';
const LOST = 'The graphics device was lost.';

/** What becomes of a training whose thread has ended. */
type Ending =
  | { readonly kind: 'learned'; readonly model: KeptModel }
  | { readonly kind: 'again'; readonly run: KeptRun }
  /** Paused, cancelled, or failed. */
  | { readonly kind: 'rests' };

const RESTS: Ending = { kind: 'rests' };

/** Trains in a thread of its own: starts, pauses, goes on, and brings what was learned into use. */
export class TrainingController {
  readonly #parts: ControllerParts;
  readonly #progress: RunProgress;
  #client: EngineClient | null = null;
  #cancelling = new AbortController();
  /** A lost device is asked for again once; after that a person is. */
  #mayRetry = true;
  #isBusy = false;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#progress = new RunProgress(parts.store, parts.now ?? (() => performance.now()));
  }

  /** Shows a training that was open when the page was closed. */
  restore(): void {
    const { run } = this.#parts.workspace;
    if (run === null) return;
    this.#progress.begin(run, 'paused');
    const { step = 0 } = run.checkpoint ?? {};
    this.#message(
      'info',
      step > 0
        ? `The training stopped after step ${step} and can go on.`
        : 'The training had not saved a step; it begins again.',
    );
  }

  async start(): Promise<void> {
    const { store, workspace, seen, base } = this.#parts;
    if (store.state.training.run !== null) return;
    this.#mayRetry = true;
    await this.#exclusively(async () => {
      const plan = planOf(store.state);
      const { settings, datasetName } = newRun(store.state, plan, seen);
      const { classNames } = plan;
      const idsOf = (pictures: typeof plan.training) => pictures.map(({ id }) => id);
      store.dispatch({ type: 'training/curves', curves: { classNames, events: [] } });
      const run = await workspace.beginRun({
        ...{ datasetName, classNames, settings, base: await base() },
        training: idsOf(plan.training),
        validation: idsOf(plan.validation),
      });
      await this.#drive(run);
    });
  }

  /** Goes on from the last checkpoint. */
  async resume(): Promise<void> {
    const { store, workspace } = this.#parts;
    const { run } = workspace;
    if (run === null || store.state.training.run?.phase !== 'paused') return;
    this.#mayRetry = true;
    await this.#exclusively(async () => {
      // The one setting that may be changed on the way: a loss that is no number asks for a lower one.
      const { learningRate } = store.state.training.choices;
      await this.#drive(workspace.changeRun({ settings: { ...run.settings, learningRate } }) ?? run);
    });
  }

  pause(): void {
    if (this.#client === null) return;
    this.#progress.change({ phase: 'pausing' });
    this.#client.call('pause', {}).catch(() => undefined);
  }

  /** Ends the training and forgets its state; its curves stay on show. */
  async cancel(): Promise<void> {
    const { store, workspace } = this.#parts;
    this.#cancelling.abort();
    store.dispatch({ type: 'training/run', run: null });
    this.#message(null);
    await workspace.endRun(null);
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#locked(work);
    } finally {
      this.#isBusy = false;
    }
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    this.#message(null);
    let release: Release = null;
    try {
      release = await this.#parts.lock();
      if (release === null) this.#message('error', ELSEWHERE);
      else await work();
    } catch (error) {
      this.#message('error', sentenceOf(error));
    } finally {
      release?.();
    }
  }

  /** Trains in one thread after the other, and takes into use what was learned: by then the run itself is at its end. */
  async #drive(run: KeptRun): Promise<void> {
    const ending = await this.#inThread(run);
    if (ending.kind === 'again') return this.#drive(ending.run);
    if (ending.kind === 'learned') await this.#parts.use(ending.model);
  }

  async #inThread(run: KeptRun): Promise<Ending> {
    this.#progress.begin(run, 'preparing');
    this.#cancelling = new AbortController();
    const { signal } = this.#cancelling;
    const worker = this.#parts.createWorker();
    const client = new EngineClient(worker);
    // Checkpoints are written while the next steps are computed; the end waits for them.
    let saved: Promise<void> = Promise.resolve();
    const onProgress = (report: TrainReport) => {
      if (report.kind === 'checkpoint')
        saved = this.#parts.workspace.saveCheckpoint(report.step, report.steps, report.data);
      else this.#progress.hear(report);
    };
    try {
      const input = await inputOf(run, (path) => this.#parts.workspace.file(path));
      this.#client = client;
      const outcome = await client.call('train', input, { signal, onProgress });
      await saved;
      return await this.#end(outcome);
    } catch (error) {
      if (signal.aborted) return RESTS;
      await saved;
      return this.#failed(error);
    } finally {
      worker.terminate();
      if (this.#client === client) this.#client = null;
    }
  }

  async #end(outcome: TrainOutcome): Promise<Ending> {
    const { store, workspace } = this.#parts;
    if (outcome.kind === 'paused') {
      this.#progress.change({ phase: 'paused', step: workspace.run?.checkpoint?.step ?? 0 });
      return RESTS;
    }
    const { classNames } = store.state.training.curves;
    const last = validationsOf(store.state.training.curves).at(-1);
    const pictures = workspace.run?.training.length ?? 0;
    const facts = { classNames, pictures, steps: outcome.steps, dice: last ? meanDice(last) : null };
    const model = await workspace.endRun({ data: outcome.model, facts });
    store.dispatch({ type: 'training/run', run: null });
    return model ? { kind: 'learned', model } : RESTS;
  }

  #failed(error: unknown): Ending {
    const { workspace } = this.#parts;
    const { run } = workspace;
    const step = run?.checkpoint?.step ?? 0;
    const from = step > 0 ? `from step ${step}` : 'from the beginning';
    const isGone = error instanceof Error && ['DeviceLostError', 'WorkerError'].includes(error.name);
    if (isGone && this.#mayRetry && run !== null) {
      this.#mayRetry = false;
      this.#message('info', `${LOST} The training goes on ${from}.`);
      return { kind: 'again', run };
    }
    this.#progress.change({ phase: 'paused', step });
    this.#message('error', `${isGone ? LOST : sentenceOf(error)} It can go on ${from}.`);
    return RESTS;
  }

  #message(tone: null): void;
  #message(tone: 'error' | 'info', text: string): void;
  #message(tone: 'error' | 'info' | null, text = ''): void {
    this.#parts.store.dispatch({ type: 'training/message', message: tone && { tone, text } });
  }
}
