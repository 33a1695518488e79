import { StepTime } from '../../../src/training.ts';
import type { Store } from '../state/store.ts';
import type { RunState } from '../state/training.ts';
import type { KeptRun } from '../workspace/index-file.ts';
import type { TrainReport } from './protocol.ts';

/** Puts what a training says into the state. */
export class RunProgress {
  readonly #store: Store;
  readonly #now: () => number;
  #stepTime: StepTime;

  /** @param now milliseconds, rising */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#stepTime = new StepTime(now());
  }

  /** Shows a training from its last checkpoint on: what came after that comes again. */
  begin(run: KeptRun, phase: RunState['phase']): void {
    const { training, validation, settings, classNames, checkpoint } = run;
    const step = checkpoint?.step ?? 0;
    const events = this.#store.state.training.curves.events.filter((event) => event.step <= step);
    this.#store.dispatch({ type: 'training/curves', curves: { classNames, events } });
    const counts = { training: training.length, validation: validation.length };
    this.#store.dispatch({
      type: 'training/run',
      run: {
        ...{ phase, ...counts, step, epochs: settings.epochs },
        prepared: { stage: 'pictures', loaded: 0, total: counts.training + counts.validation },
        steps: settings.epochs * Math.ceil(training.length / settings.batch),
        millisecondsLeft: null,
      },
    });
  }

  hear(report: Exclude<TrainReport, { kind: 'checkpoint' }>): void {
    if (report.kind === 'preparing') {
      const { stage, loaded, total } = report;
      this.change({ prepared: { stage, loaded, total } });
    } else if (report.kind === 'saving') this.change({ phase: 'saving' });
    else if (report.kind === 'ready') {
      this.#stepTime = new StepTime(this.#now());
      const isPausing = this.#store.state.training.run?.phase === 'pausing';
      this.change({ phase: isPausing ? 'pausing' : 'training', step: report.done, steps: report.steps });
    } else {
      this.#store.dispatch({ type: 'training/event', event: report });
      if (report.kind === 'step')
        this.change({ step: report.step, millisecondsLeft: this.#left(report.step) });
    }
  }

  change(change: Partial<RunState>): void {
    this.#store.dispatch({ type: 'training/change', change });
  }

  #left(step: number): number {
    this.#stepTime.add(this.#now());
    return this.#stepTime.mean * ((this.#store.state.training.run?.steps ?? 0) - step);
  }
}
