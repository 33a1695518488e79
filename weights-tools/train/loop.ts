import { Sam2RadError } from '../../src/errors.ts';
import { FileError } from '../errors.ts';
import { writeAtomically, writeChunks } from '../node/files.ts';
import type { Curves } from './curves.ts';
import { curvesSvg } from './curves-svg.ts';
import type { Layout, TrainingEvent, TrainingRun } from './engine.ts';
import type { TrainOutputs } from './outputs.ts';
import { CURVES_KEY, RECORD_KEY, type RunRecord } from './record.ts';

/** Training ended early; the message says where its last good state is. */
export class TrainingError extends Sam2RadError {
  override name = 'TrainingError';
}

/** What a run needs beside the engine. */
export interface LoopOptions {
  readonly outputs: TrainOutputs;
  readonly record: RunRecord;
  /** Of the run so far, where it goes on. */
  readonly curves: Curves;
  readonly checkpointEvery: number;
  readonly layout: Layout;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
  readonly warn: (text: string) => void;
}

/**
 * Steps through a run to its end: curves and a checkpoint at intervals, the model last. A cancelled run ends after its
 * step, or in the middle of a measurement, with a checkpoint.
 * @throws the signal's reason when cancelled; TrainingError for an error of the engine, or a model that cannot be written,
 * where there is a checkpoint to go on from; that error itself where there is none
 */
export async function runToEnd(run: TrainingRun, options: LoopOptions): Promise<void> {
  const { signal, warn } = options;
  const { checkpoint } = options.outputs;
  const saver = new Saver(run, options);
  try {
    await stepOn(run, saver, options);
    if (!signal.aborted) return await saver.finish(options.layout);
    await saver.save(run.done);
  } catch (error) {
    throw await saver.explained(error);
  }
  warn(`the state is in ${checkpoint}; go on with --resume ${checkpoint}`);
  throw signal.reason;
}

/** To the last step, or until Ctrl-C. */
async function stepOn(run: TrainingRun, saver: Saver, options: LoopOptions): Promise<void> {
  const { curves, signal, onEvent, checkpointEvery } = options;
  try {
    for await (const event of run.events({ signal })) {
      curves.add(event);
      onEvent(event);
      if (signal.aborted) return;
      const isDue = event.kind === 'validation' && event.epoch % checkpointEvery === 0;
      if (isDue && event.step < run.steps) await saver.trySave(event.step);
    }
  } catch (error) {
    // A measurement that was cut short, and is made again when the run goes on.
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

class Saver {
  readonly #run: TrainingRun;
  readonly #options: LoopOptions;
  #saved: number | undefined;

  constructor(run: TrainingRun, options: LoopOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** A full disk does not end a run: there may be room by the next time, and the file before is whole. */
  async trySave(step: number): Promise<void> {
    try {
      await this.save(step);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const kept = this.#saved === undefined ? '' : `; the checkpoint of step ${this.#saved} is kept`;
      this.#options.warn(`${error.message}${kept}; training goes on`);
    }
  }

  async save(step: number): Promise<void> {
    const { outputs, curves, record } = this.#options;
    const metadata = { [RECORD_KEY]: JSON.stringify(record), [CURVES_KEY]: curves.toCsv() };
    const chunks = this.#run.checkpoint(metadata);
    await writeAtomically(outputs.checkpoint, (file) => writeChunks(file, chunks), { durable: true });
    this.#saved = step;
    await this.#writeCurves();
  }

  async finish(layout: Layout): Promise<void> {
    const { outputs, record } = this.#options;
    const chunks = this.#run.model(layout, { [RECORD_KEY]: JSON.stringify(record) });
    await writeAtomically(outputs.model, (file) => writeChunks(file, chunks), { durable: true });
    await this.#writeCurves();
    await writeAtomically(outputs.record, (file) => file.writeFile(`${JSON.stringify(record, null, 2)}\n`));
  }

  /** Keeps the last good state, and says what happened and where to go on. */
  async explained(error: unknown): Promise<unknown> {
    if (!(error instanceof Sam2RadError)) return error;
    const last = this.#options.curves.steps.at(-1)?.step;
    // A second error would hide the first.
    if (this.#run.isIntact && last !== undefined && last !== this.#saved)
      await this.save(last).catch(() => {});
    if (this.#saved === undefined) return error;
    const { checkpoint } = this.#options.outputs;
    return new TrainingError(
      `${error.message}; the last good state is ${checkpoint} (step ${this.#saved}): go on with --resume ${checkpoint}`,
      { cause: error },
    );
  }

  async #writeCurves(): Promise<void> {
    const { outputs, curves, record } = this.#options;
    const measured = record.validation.length > 0 ? 'validation' : 'training';
    await writeAtomically(outputs.csv, (file) => file.writeFile(curves.toCsv()));
    await writeAtomically(outputs.svg, (file) => file.writeFile(curvesSvg(curves, measured)));
  }
}
