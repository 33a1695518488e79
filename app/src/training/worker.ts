import {
  inReferenceLayout,
  openTrainingRun,
  type PictureToLearn,
  type TrainingRun,
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
  #stopping = new AbortController();

  pause(): void {
    this.#stopping.abort();
  }

  /** @throws what `openTrainingRun` and `TrainingRun.events` do; the last good state was reported before, if there is one */
  async train(input: TrainInput, signal: AbortSignal, report: Report): Promise<TrainOutcome> {
    this.#stopping = new AbortController();
    const stop = this.#stopping.signal;
    try {
      const run = await prepare(input, AbortSignal.any([signal, stop]), report);
      try {
        return await toEnd(run, input, stop, report);
      } finally {
        run[Symbol.dispose]();
      }
    } catch (error) {
      // Paused before the first step: there is nothing new to be saved.
      if (stop.aborted && error === stop.reason) return { kind: 'paused' };
      throw error;
    }
  }

  reference(model: Blob): Promise<Blob> {
    return blobOf(inReferenceLayout(model));
  }
}

function prepare(input: TrainInput, signal: AbortSignal, report: Report): Promise<TrainingRun> {
  const { base, datasetName, classNames, training, validation, settings, resume } = input;
  return openTrainingRun({
    base,
    datasetName,
    classNames,
    settings,
    training: training.map(toLearn),
    validation: validation.map(toLearn),
    ...(resume && { resume }),
    signal,
    onProgress: ({ stage, loaded, total }) => {
      // Nothing is tuned without a store.
      if (stage === 'pictures') report({ kind: stage, loaded, total });
    },
  });
}

function toLearn({ name, width, height, picture, labels }: TrainPicture): PictureToLearn {
  return {
    ...{ name, width, height },
    load: async () => ({
      picture: await createImageBitmap(picture, { imageOrientation: 'from-image' }),
      classMap: (await readClassMap(name, labels)).data,
    }),
  };
}

async function toEnd(
  run: TrainingRun,
  input: TrainInput,
  stop: AbortSignal,
  report: Report,
): Promise<TrainOutcome> {
  const { steps } = run;
  const metadata = { run: await recordOf(input, run.adapter) };
  let [savedStep, savedAt] = [run.done, performance.now()];
  const save = async () => {
    const step = run.done;
    report({ kind: 'checkpoint', step, steps, data: await blobOf(run.checkpoint(metadata)) });
    [savedStep, savedAt] = [step, performance.now()];
  };
  report({ kind: 'ready', done: run.done, steps });
  try {
    for await (const event of run.events()) {
      report(event);
      // The last measurement belongs to the last step.
      if (stop.aborted && event.step < steps) break;
      if (performance.now() - savedAt > CHECKPOINT_MS && event.step < steps) await save();
    }
  } catch (error) {
    if (run.isIntact && run.done > savedStep) await save();
    throw error;
  }
  if (run.done < steps) {
    if (run.done > savedStep) await save();
    return { kind: 'paused' };
  }
  report({ kind: 'saving' });
  return { kind: 'done', steps, model: await blobOf(run.model('canonical', metadata)) };
}
