import {
  inReferenceLayout,
  openTrainingRun,
  type PictureToLearn,
  type TrainingRun,
  type TuningStore,
} from '../../../src/training.ts';
import { readClassMap } from '../workspace/class-map.ts';
import { blobOf } from './blob-of.ts';
import type { TrainInput, TrainOutcome, TrainPicture, TrainReport } from './protocol.ts';
import { recordOf } from './record.ts';

/** What a crash may cost. */
const CHECKPOINT_MS = 30_000;

type Report = (report: TrainReport) => void;

/** One training at a time, in its own thread. */
export class TrainingHost {
  readonly #tuning: TuningStore;
  #stopping = new AbortController();

  /** @param tuning where the fastest kernels of this device are kept; a run that goes on keeps its own */
  constructor(tuning: TuningStore) {
    this.#tuning = tuning;
  }

  pause(): void {
    this.#stopping.abort();
  }

  /** @throws what `openTrainingRun` and `TrainingRun.events` do; the last good state was reported before, if there is one */
  async train(input: TrainInput, signal: AbortSignal, report: Report): Promise<TrainOutcome> {
    this.#stopping = new AbortController();
    const stop = this.#stopping.signal;
    try {
      const run = await this.#prepare(input, AbortSignal.any([signal, stop]), report);
      try {
        return await toEnd(run, input, stop, report);
      } finally {
        run.dispose();
      }
    } catch (error) {
      // Paused before the first step: there is nothing new to be saved.
      if (stop.aborted && error === stop.reason) return { kind: 'paused' };
      throw error;
    }
  }

  async #prepare(input: TrainInput, signal: AbortSignal, report: Report): Promise<TrainingRun> {
    const { base, datasetName, classNames, training, validation, settings, resume } = input;
    // The run looks at one picture after the other, and at none twice.
    let shown: ImageBitmap | undefined;
    const toLearn = ({ name, width, height, picture, labels }: TrainPicture): PictureToLearn => ({
      ...{ name, width, height },
      load: async () => {
        const { data: classMap } = await readClassMap(name, labels);
        shown = await createImageBitmap(picture, { imageOrientation: 'from-image' });
        return { picture: shown, classMap };
      },
    });
    try {
      return await openTrainingRun({
        ...{ base, datasetName, classNames, settings, signal, tuning: this.#tuning },
        training: training.map(toLearn),
        validation: validation.map(toLearn),
        ...(resume && { resume }),
        onProgress: (progress) => {
          shown?.close();
          report({ kind: 'preparing', ...progress });
        },
      });
    } finally {
      shown?.close();
    }
  }

  reference(model: Blob): Promise<Blob> {
    return blobOf(inReferenceLayout(model));
  }
}

async function toEnd(
  run: TrainingRun,
  input: TrainInput,
  stop: AbortSignal,
  report: Report,
): Promise<TrainOutcome> {
  const { steps } = run;
  const metadata = { run: await recordOf(input, run) };
  let [savedStep, savedAt] = [run.done, performance.now()];
  const save = async () => {
    const step = run.done;
    report({ kind: 'checkpoint', step, steps, data: await blobOf(run.checkpoint(metadata)) });
    [savedStep, savedAt] = [step, performance.now()];
  };
  report({ kind: 'ready', done: run.done, steps });
  try {
    for await (const event of run.events({ signal: stop })) {
      report(event);
      // The last measurement belongs to the last step.
      if (stop.aborted && event.step < steps) break;
      if (performance.now() - savedAt > CHECKPOINT_MS && event.step < steps) await save();
    }
  } catch (error) {
    if (run.isIntact && run.done > savedStep) await save();
    // Paused while Dice was measured: it is measured again.
    if (stop.aborted && error === stop.reason) return { kind: 'paused' };
    throw error;
  }
  if (run.done < steps) {
    if (run.done > savedStep) await save();
    return { kind: 'paused' };
  }
  report({ kind: 'saving' });
  return { kind: 'done', steps, model: await blobOf(run.model('canonical', metadata)) };
}
