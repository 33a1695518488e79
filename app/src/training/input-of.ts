import type { KeptRun, RunPicture } from '../workspace/index-file.ts';
import type { TrainInput, TrainPicture } from './protocol.ts';

/** A kept training as its thread is given it. @param file what a path holds; it throws where there is nothing */
export async function inputOf(run: KeptRun, file: (path: string) => Promise<Blob>): Promise<TrainInput> {
  const { base, datasetName, classNames, settings, checkpoint } = run;
  const pictures = (list: readonly RunPicture[]): Promise<TrainPicture[]> =>
    Promise.all(
      list.map(async ({ name, width, height, picture, labels }) => ({
        ...{ name, width, height },
        picture: await file(picture),
        labels: await file(labels),
      })),
    );
  return {
    base: new File([await file(base.file)], base.name),
    ...{ datasetName, classNames, settings },
    training: await pictures(run.training),
    validation: await pictures(run.validation),
    resume: checkpoint && (await file(checkpoint.file)),
  };
}
