import type { TrainingRun } from '../../../src/training.ts';
import type { TrainInput, TrainPicture } from './protocol.ts';

/** The package's, which a test holds it to: the page sees the engine's entries alone. */
const VERSION = '0.1.0';
/** Files that are larger are named in the record, but not hashed: the browser hashes what is whole in memory. */
const MOST_HASHED = 1e9;

/** What made a model, in its metadata: what the command line's record says, as far as a page knows it. */
export async function recordOf(
  input: TrainInput,
  { adapter, tuned }: Pick<TrainingRun, 'adapter' | 'tuned'>,
): Promise<string> {
  const { base, classNames, settings, training, validation } = input;
  const recorded = (pictures: readonly TrainPicture[]) =>
    Promise.all(
      pictures.map(async ({ name, picture, labels }) => ({
        name,
        image: await sha256Of(picture),
        truth: await sha256Of(labels),
      })),
    );
  return JSON.stringify({
    format: 'sam2rad-run',
    version: 1,
    software: { 'sam2rad-webgpu': VERSION, browser: navigator.userAgent },
    choices: settings,
    classNames,
    base: { file: base.name, sha256: await sha256Of(base) },
    training: await recorded(training),
    validation: await recorded(validation),
    adapter: { ...adapter },
    tuned,
  });
}

async function sha256Of(file: Blob): Promise<string | null> {
  if (file.size > MOST_HASHED) return null;
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
