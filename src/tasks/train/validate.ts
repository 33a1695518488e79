import { featureMaps } from '../../models/features.ts';
import { resizedShape } from '../../ops/resize-tables.ts';
import { maskOfClass } from '../evaluate/mask.ts';
import { scoreMask } from '../evaluate/metrics.ts';
import { predict } from '../predict.ts';
import { recordEncoder, recordPromptPredictor } from '../recordings.ts';
import type { TrainingEngine } from './engine.ts';
import { learnsEncoder } from './recordings.ts';

/** A picture that Dice is measured on. */
export interface ValidationPicture {
  /** What `TrainingEngine.encode` made of it. */
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
  /** width * height class numbers, 0 is background. */
  readonly classMap: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Mean Dice of the autonomous mode at the pictures' own size, one a class; null where no picture has the class. Nothing
 * that is trained changes, so that it may be left at any time.
 * @throws the signal's reason
 */
export async function diceOfClasses(
  engine: TrainingEngine,
  pictures: readonly ValidationPicture[],
  signal?: AbortSignal,
): Promise<(number | null)[]> {
  const { classes } = engine.context.dataset;
  const scores = Array.from({ length: classes }, (): number[] => []);
  for (const picture of pictures) {
    const masks = await autonomous(engine, picture, signal);
    scores.forEach((own, c) => {
      const truth = maskOfClass(picture.classMap, picture, c + 1);
      const { dice } = scoreMask({ ...truth, data: masks[c] ?? new Uint8Array() }, truth);
      if (dice !== null) own.push(dice);
    });
  }
  return scores.map((own) =>
    own.length > 0 ? own.reduce((sum, value) => sum + value, 0) / own.length : null,
  );
}

async function autonomous(
  { gpu, stages, context }: TrainingEngine,
  { inputs, width, height }: ValidationPicture,
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  signal?.throwIfAborted();
  const { config, dataset } = context;
  const learns = learnsEncoder(context);
  const names = learns ? ['image'] : featureMaps(config).map(({ name }) => name);
  for (const [i, values] of inputs.entries())
    gpu.write(stages.buffer(names[i] ?? '', values.byteLength), values);
  if (learns) await stages.run('encode', () => recordEncoder(context), { signal });
  await stages.run('predict prompts', () => recordPromptPredictor(context, dataset), { signal });
  const question = {
    mode: 'auto' as const,
    sparse: { coords: new Float32Array(), labels: new Float32Array() },
    maskInput: undefined,
    classes: Array.from({ length: dataset.classes }, (_, index) => index),
    choice: 'single' as const,
    feedBack: false,
  };
  const { imageSize, preprocess: family } = config;
  const [rows, cols] = resizedShape({ width, height, imageSize, family });
  const picture = { width, height, scaleX: cols / width, scaleY: rows / height };
  const { prediction } = await predict(stages, context, picture, question, {
    ...(signal && { signal }),
  });
  return prediction.map(({ mask }) => mask);
}
