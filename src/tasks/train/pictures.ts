import { featureMaps } from '../../models/features.ts';
import { resizedShape } from '../../ops/resize-tables.ts';
import { loadChecked } from './check.ts';
import type { TrainingEngine } from './engine.ts';
import type { TrainingExample } from './example.ts';
import type { TrainingJob } from './job.ts';
import { learnsEncoder, type TrainingContext } from './recordings.ts';
import { STREAMS, streamOf } from './streams.ts';
import type { ValidationPicture } from './validate.ts';
import { centreOf, labelsSeen, viewCount, viewsOf } from './view.ts';

/** What is kept of the pictures is told from here on: browsers give a page a few times this. */
const MUCH_BYTES = 1e9;

/** Each view of each picture through the encoder once. */
export async function encodePictures(job: TrainingJob, engine: TrainingEngine) {
  const { settings, signal, onProgress } = job;
  const { imageSize, preprocess: family } = engine.description.config;
  const training: TrainingExample[][] = [];
  const validation: ValidationPicture[] = [];
  const classes = job.classNames.length;
  const total = job.training.length + job.validation.length;
  for (const [i, source] of job.training.entries()) {
    signal?.throwIfAborted();
    const { picture, classMap } = await loadChecked(source, classes);
    const { width, height } = source;
    const [rows, cols] = resizedShape({ width, height, imageSize, family });
    const content = { width: cols, height: rows };
    const labels = { width, height, classMap };
    const random = streamOf(settings.seed, STREAMS.views, i);
    const examples: TrainingExample[] = [];
    for (const view of viewsOf(settings.augment, content, centreOf(labels, content), random)) {
      const inputs = await engine.encode(picture, { view, signal });
      examples.push({ inputs, labels: labelsSeen(labels, content, view, imageSize) });
    }
    training.push(examples);
    onProgress?.({ stage: 'pictures', loaded: i + 1, total });
  }
  for (const [i, source] of job.validation.entries()) {
    signal?.throwIfAborted();
    const { picture, classMap } = await loadChecked(source, classes);
    const inputs = await engine.encode(picture, { signal });
    validation.push({ inputs, classMap, width: source.width, height: source.height });
    onProgress?.({ stage: 'pictures', loaded: job.training.length + i + 1, total });
  }
  return { training, validation };
}

/** Says what the views of all pictures take in memory, where that is much. */
export function memoryNotes(
  { training, validation, settings }: Pick<TrainingJob, 'training' | 'validation' | 'settings'>,
  context: TrainingContext,
): string[] {
  const views = training.length * viewCount(settings.augment);
  const side = context.config.imageSize;
  const bytes = (views + validation.length) * inputBytes(context) + views * side ** 2;
  if (bytes <= MUCH_BYTES) return [];
  return [
    `${views} views of ${training.length} training pictures, and ${validation.length} others, take ${(bytes / 1e9).toFixed(1)} GB of memory, for they are encoded once and kept: fewer pictures or less augmentation take less`,
  ];
}

/** What `TrainingEngine.encode` makes of one view. */
function inputBytes(context: TrainingContext): number {
  if (learnsEncoder(context)) return 4 * 4 * context.config.imageSize ** 2;
  return featureMaps(context.config).reduce((sum, { side, channels }) => sum + 4 * side ** 2 * channels, 0);
}
