import { GpuError, UnsupportedError } from '../errors.ts';
import type { WeightStorage } from '../gpu/kernel.ts';
import type { Recording } from '../graph/graph.ts';
import { type StageContext, standardRecordings } from './recordings.ts';
import { costOf } from './stages.ts';

/** From the largest to the smallest. */
export const STORAGES: readonly WeightStorage[] = ['f32', 'f16', 'q8'];

/** What a model must fit into, in bytes. */
export interface MemoryLimits {
  /** The largest buffer that a kernel may bind. */
  readonly binding: number;
  /** All buffers of the model together. */
  readonly total: number;
}

export interface StorageWish {
  /** As the caller wants it; otherwise the file's own, or the first smaller one that fits. */
  readonly storage?: WeightStorage | undefined;
  readonly fileStorage: WeightStorage;
  readonly limits: MemoryLimits;
}

/** A context whose model fits, and what it records. */
export interface FittingModel {
  readonly context: StageContext;
  readonly recordings: readonly Recording[];
}

/**
 * Chooses how matrices are stored, before anything is loaded.
 * @throws GpuError where the model does not fit: planned bytes, the limit, and the next smaller choice
 */
export function fitStorage(context: StageContext, wish: StorageWish): FittingModel {
  const { storage, fileStorage, limits } = wish;
  if (storage !== undefined && !STORAGES.includes(storage))
    throw new UnsupportedError(`storage is '${String(storage)}', expected ${STORAGES.join(', ')}`);
  const wanted = storage ?? fileStorage;
  const first = planned(context, wanted);
  if (!excess(first, limits)) return first;
  const smaller = STORAGES.slice(STORAGES.indexOf(wanted) + 1)
    .map((each) => planned(context, each))
    .find((plan) => !excess(plan, limits));
  if (storage === undefined && smaller) return smaller;
  const advice = smaller
    ? `take storage '${smaller.storage}' (${bytesText(smaller.total)})`
    : smallerImage(context, wanted, limits);
  throw new GpuError(`the model as ${wanted} ${excess(first, limits)}; ${advice}`);
}

interface Planned extends FittingModel {
  readonly storage: WeightStorage;
  readonly weights: number;
  readonly total: number;
  readonly binding: number;
}

function planned(model: StageContext, storage: WeightStorage): Planned {
  const context = { ...model, traits: { ...model.traits, storage } };
  const recordings = standardRecordings(context);
  const { weights, peak, largestBinding } = costOf(recordings);
  return { context, recordings, storage, weights, total: weights + peak, binding: largestBinding };
}

/** What of the plan is too much; undefined where it fits. */
export function excess(
  { total, weights, binding }: Pick<Planned, 'total' | 'weights' | 'binding'>,
  limits: MemoryLimits,
): string | undefined {
  if (!(total <= limits.total))
    return `needs ${bytesText(total)} on the GPU, ${bytesText(weights)} of them for weights, and the limit is ${bytesText(limits.total)}`;
  if (!(binding <= limits.binding))
    return `needs a buffer of ${bytesText(binding)}, and this device binds ${bytesText(limits.binding)}`;
  return undefined;
}

/** Smaller pictures cost masks their detail, so that this is for the caller to choose. */
function smallerImage(context: StageContext, wanted: WeightStorage, limits: MemoryLimits): string {
  const { imageSize } = context.config;
  for (const side of [1024, 512, 256].filter((size) => size < imageSize))
    for (const storage of STORAGES.slice(STORAGES.indexOf(wanted))) {
      const plan = planned({ ...context, config: { ...context.config, imageSize: side } }, storage);
      if (!excess(plan, limits))
        return `take image size ${side} with storage '${storage}' (${bytesText(plan.total)})`;
    }
  return 'take a smaller model';
}

const bytesText = (bytes: number): string => `${Math.round(bytes).toLocaleString('en-US')} bytes`;
