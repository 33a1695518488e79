/** Every kernel with every tuning that a model records, and with its defaults; runs in Node and in Deno. */
import * as kernels from '../../src/generated/kernels.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { Kernel, Tuning } from '../../src/gpu/kernel.ts';
import { PipelineCache, variantKey } from '../../src/gpu/pipelines.ts';
import { standardRecordings } from '../../src/tasks/recordings.ts';
import {
  ALL_TRAITS,
  contextOf,
  HALF_TRAITS,
  MODELS,
  PLAIN,
  pictureRecordings,
  promptRecordings,
  STORED_TRAITS,
} from './models.ts';

const FAMILIES = ['sam', 'sam2', 'sam2rad'] as const;

export interface Variant {
  readonly kernel: Kernel;
  readonly tuning: Tuning;
}

/** By the name that the pipeline has. */
export function allVariants(): Map<string, Variant> {
  const variants = new Map<string, Variant>();
  const add = (kernel: Kernel, tuning: Tuning) =>
    variants.set(variantKey(kernel, tuning), { kernel, tuning });
  for (const kernel of Object.values(kernels)) add(kernel, {});
  for (const model of MODELS) {
    const context = contextOf(model, PLAIN);
    const recordings = ALL_TRAITS.flatMap((traits) => promptRecordings({ ...context, traits }));
    const stored = model === 'nano' || model === 'ViT-B' ? [...STORED_TRAITS, ...HALF_TRAITS] : STORED_TRAITS;
    for (const traits of stored) recordings.push(...standardRecordings({ ...context, traits }));
    // Pictures depend on the size and the family alone, which two models cover.
    for (const preprocess of model === 'nano' || model === 'tiny' ? FAMILIES : [])
      recordings.push(...pictureRecordings({ ...context, config: { ...context.config, preprocess } }));
    for (const { dispatches } of recordings) for (const { kernel, tuning } of dispatches) add(kernel, tuning);
  }
  return variants;
}

export interface Compiled {
  readonly compiled: number;
  /** Variants that need a feature that this adapter has not. */
  readonly leftOut: readonly string[];
  readonly failures: readonly string[];
  readonly kernels: number;
}

export async function compileAll(gpu: Gpu, variants: ReadonlyMap<string, Variant>): Promise<Compiled> {
  const leftOut: string[] = [];
  const failures: string[] = [];
  const names = new Set<string>();
  const pipelines = new PipelineCache(gpu);
  const compiling = [...variants].map(async ([key, { kernel, tuning }]) => {
    if (kernel.features.some((feature) => !gpu.device.features.has(feature))) leftOut.push(key);
    else {
      names.add(kernel.name);
      await pipelines.compile(kernel, tuning).catch((error) => failures.push(`${key}: ${String(error)}`));
    }
  });
  await Promise.all(compiling);
  await gpu.settle();
  return { compiled: gpu.created.pipelines - failures.length, leftOut, failures, kernels: names.size };
}
