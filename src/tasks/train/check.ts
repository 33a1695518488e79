import { PictureError, Sam2RadError } from '../../errors.ts';
import { naturalSize } from '../../web/picture.ts';
import type { LabelledPicture, PictureToLearn, TrainingJob } from './job.ts';

/** A setting of a training that cannot be, or that there is nothing to learn from. */
export class TrainingSettingsError extends Sam2RadError {
  override name = 'TrainingSettingsError';
}

/** @throws TrainingSettingsError naming the setting */
export function checkJob({ training, settings }: Pick<TrainingJob, 'training' | 'settings'>): void {
  const { batch, epochs, learningRate, clip, queryDeviation } = settings;
  if (training.length === 0)
    throw new TrainingSettingsError('training: got no pictures, expected one at least');
  for (const [name, value] of Object.entries({ batch, epochs }))
    if (!Number.isInteger(value) || value < 1)
      throw new TrainingSettingsError(`${name}: got ${value}, expected a whole number of 1 or more`);
  if (!isPositive(learningRate))
    throw new TrainingSettingsError(`learningRate: got ${learningRate}, expected a positive number`);
  if (clip !== null && !isPositive(clip))
    throw new TrainingSettingsError(`clip: got ${clip}, expected a positive number, or null for no clipping`);
  if (queryDeviation !== undefined && !isPositive(queryDeviation))
    throw new TrainingSettingsError(`queryDeviation: got ${queryDeviation}, expected a positive number`);
}

const isPositive = (value: number) => Number.isFinite(value) && value > 0;

/** @throws PictureError where picture or class map are not of the size that was announced */
export async function loadChecked({ name, width, height, load }: PictureToLearn): Promise<LabelledPicture> {
  const { picture, classMap } = await load();
  const size = naturalSize(picture);
  if (size.width !== width || size.height !== height)
    throw new PictureError(
      `${name}: the picture has ${size.width} x ${size.height} pixels, expected the ${width} x ${height} that the job says; give its upright size`,
    );
  if (classMap.length !== width * height)
    throw new PictureError(
      `${name}: the class map has ${classMap.length} values, expected ${width * height}, one for each of ${width} x ${height} pixels`,
    );
  return { picture, classMap };
}
