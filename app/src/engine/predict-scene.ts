import type { MaskResult, PredictOptions } from '../../../src/index.ts';
import type { ClassPrompts } from '../state/prompts.ts';
import type { Scene } from './protocol.ts';
import type { OpenPicture } from './sessions.ts';

/** A class of the scene: its masks (three where there is a choice), and which of them counts. */
export interface ClassMasks {
  readonly classNumber: number;
  readonly results: readonly MaskResult[];
  readonly chosen: number;
}

/** One call of the engine, for one class or, without prompts, for several. */
interface Job {
  readonly classNumbers: readonly number[];
  readonly key: string;
  readonly options: PredictOptions;
}

/** Predicts what changed since the last scene of this picture, and returns the masks of the whole scene. */
export async function predictScene(
  picture: OpenPicture,
  scene: Scene,
  signal: AbortSignal,
): Promise<{ masks: ClassMasks[]; milliseconds: number }> {
  const jobs = jobsOf(scene);
  for (const { classNumbers, key, options } of jobs) {
    const missing = classNumbers.filter((number) => picture.masks.get(number)?.key !== key);
    if (missing.length === 0) continue;
    const classes = scene.mode === 'auto' ? { classes: missing } : {};
    const start = performance.now();
    const results = await picture.session.predict({ ...options, ...classes, signal });
    const milliseconds = performance.now() - start;
    for (const number of missing) {
      const own = scene.mode === 'auto' ? results.filter((r) => r.classNumber === number) : [...results];
      picture.masks.set(number, { key, milliseconds, results: own });
    }
  }
  const wanted = jobs.flatMap(({ classNumbers }) => classNumbers).sort((a, b) => a - b);
  const masks = wanted.flatMap((classNumber) => {
    const results = picture.masks.get(classNumber)?.results ?? [];
    const choice = scene.prompts.find((p) => p.classNumber === classNumber)?.choice ?? null;
    return results.length === 0 ? [] : [{ classNumber, results, chosen: choice ?? bestOf(results) }];
  });
  return { masks, milliseconds: timeOf(picture, wanted) };
}

/** What the calls took that these masks came from, whenever that was. */
function timeOf({ masks }: OpenPicture, classNumbers: readonly number[]): number {
  const calls = new Map(
    classNumbers.flatMap((number) => {
      const stored = masks.get(number);
      return stored ? [[stored.key, stored.milliseconds] as const] : [];
    }),
  );
  return [...calls.values()].reduce((sum, milliseconds) => sum + milliseconds, 0);
}

/** Manual: one job for each prompted class. Auto: these, and one for all the classes that nobody prompted. */
export function jobsOf(scene: Scene): Job[] {
  const { mode, refine, multimask } = scene;
  const returnLogits = scene.classes > 1;
  const job = (classNumbers: readonly number[], prompts: PredictOptions): Job => {
    const how = mode === 'auto' ? { refine } : { multimaskOutput: multimask };
    const options: PredictOptions = { mode, returnLogits, ...prompts, ...how };
    return { classNumbers, key: JSON.stringify(options), options };
  };
  const prompted = scene.prompts.map((prompts) => job([prompts.classNumber], inSamsWords(prompts)));
  if (mode === 'manual') return prompted;
  const taken = new Set(scene.prompts.map(({ classNumber }) => classNumber));
  const others = Array.from({ length: scene.classes }, (_, i) => i + 1).filter((n) => !taken.has(n));
  return others.length === 0 ? prompted : [job(others, {}), ...prompted];
}

function inSamsWords({ box, points }: ClassPrompts): PredictOptions {
  return {
    ...(box && { box }),
    ...(points.length > 0 && {
      pointCoords: points.map(({ x, y }) => [x, y] as const),
      pointLabels: points.map(({ label }) => label),
    }),
  };
}

function bestOf(results: readonly MaskResult[]): number {
  const ious = results.map(({ iou }) => iou);
  return ious.indexOf(Math.max(...ious));
}
